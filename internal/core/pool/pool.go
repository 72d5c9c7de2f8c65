// Package pool decides which tokens of a pool are kept: how many there may be, how many of them may be busy, and which
// one makes room for another (P4). It is a plain value without a goroutine, channel or clock; the pool steps it under a
// lock, and the simulator and tests without one.
package pool

import "time"

// Policy bounds a pool. Its zero value means the defaults.
type Policy struct {
	// MaxTokens is how many tokens are kept. Default: 100,000.
	MaxTokens int
	// MaxBusy is how many of them may be busy when another one is created. Default: 10,000.
	MaxBusy int
	// IdleTime is after how long without use a token is forgotten. Default: 1 hour.
	IdleTime time.Duration
}

// WithDefaults replaces zero values.
func (p Policy) WithDefaults() Policy {
	if p.MaxTokens == 0 {
		p.MaxTokens = 100_000
	}
	if p.MaxBusy == 0 {
		p.MaxBusy = 10_000
	}
	if p.IdleTime == 0 {
		p.IdleTime = time.Hour
	}
	return p
}

// QuietTime is for how long a token whose fetches fail counts as busy after its last caller. Later it may be evicted.
const QuietTime = time.Minute

// Place is where a token stands among the others of its pool. Its zero value: it is not among them.
type Place[T comparable] struct {
	older, newer T
	// rank is when the token was last used, as far as its place in the order is concerned.
	rank  time.Duration
	state state
}

type state uint8

const (
	absent state = iota
	busy
	idle
)

// Members are the tokens of a pool: the busy ones, and the idle ones in the order of their last use.
type Members[T comparable] struct {
	policy Policy
	// place is where a token keeps its place; used is when it was last used, as far as that is known.
	place func(T) *Place[T]
	used  func(T) time.Duration

	total, busy    int
	oldest, newest T // of the idle ones
}

// New returns a pool without tokens.
func New[T comparable](p Policy, place func(T) *Place[T], used func(T) time.Duration) Members[T] {
	return Members[T]{policy: p.WithDefaults(), place: place, used: used}
}

// Policy is what it was made with, defaults filled in.
func (m *Members[T]) Policy() Policy { return m.policy }

// Counts returns how many tokens there are, and how many of them are busy.
func (m *Members[T]) Counts() (total, busy int) { return m.total, m.busy }

// Admit adds a token, which is busy at first: a caller wants it. If there are too many busy ones, it is not added and
// ok is false. If there are too many in all, the idle one that was not used for the longest time has to make room: it
// is removed, and returned as evicted, which is otherwise the zero value.
func (m *Members[T]) Admit(t T) (evicted T, ok bool) {
	var none T
	if m.busy >= m.policy.MaxBusy || m.total >= m.policy.MaxTokens && m.oldest == none {
		return none, false
	}
	if m.total >= m.policy.MaxTokens {
		evicted = m.leastRecent()
		m.Remove(evicted)
	}
	m.place(t).state = busy
	m.total++
	m.busy++
	return evicted, true
}

// Settle notes that a token is busy or idle from now on. One that was removed stays so.
func (m *Members[T]) Settle(t T, isBusy bool) {
	switch p := m.place(t); {
	case isBusy && p.state == idle:
		m.unlink(t)
		p.state = busy
		m.busy++
	case !isBusy && p.state == busy:
		m.busy--
		m.rank(t)
	}
}

// Remove takes a token out, and reports whether it was in.
func (m *Members[T]) Remove(t T) bool {
	p := m.place(t)
	switch p.state {
	case absent:
		return false
	case busy:
		m.busy--
	case idle:
		m.unlink(t)
	}
	p.state = absent
	m.total--
	return true
}

// Forgotten reports whether a token was not used for so long that it is to be forgotten.
func (m *Members[T]) Forgotten(t T, now time.Duration) bool {
	return m.place(t).state == idle && now-m.used(t) >= m.policy.IdleTime
}

// maxReranked bounds how many tokens are put into order for one eviction. Each of them was used since it was last
// looked at.
const maxReranked = 1000

// leastRecent is the idle token that was not used for the longest time. The order is repaired as it is needed, because
// no one notes it when a token is read.
func (m *Members[T]) leastRecent() T {
	for range maxReranked {
		t := m.oldest
		if m.used(t) <= m.place(t).rank {
			return t
		}
		m.unlink(t)
		m.rank(t)
	}
	return m.oldest
}

// rank puts a token among the idle ones, behind all that were used before it.
func (m *Members[T]) rank(t T) {
	var none T
	p := m.place(t)
	p.rank, p.state = m.used(t), idle
	older, newer := m.newest, none
	for older != none && m.place(older).rank > p.rank {
		older, newer = m.place(older).older, older
	}
	m.link(older, t)
	m.link(t, newer)
}

// unlink takes a token out of the idle ones.
func (m *Members[T]) unlink(t T) {
	var none T
	p := m.place(t)
	m.link(p.older, p.newer)
	p.older, p.newer = none, none
}

// link makes two idle tokens neighbours. None stands for what lies beyond the oldest and the newest.
func (m *Members[T]) link(older, newer T) {
	var none T
	if older == none {
		m.oldest = newer
	} else {
		m.place(older).newer = newer
	}
	if newer == none {
		m.newest = older
	} else {
		m.place(newer).older = older
	}
}
