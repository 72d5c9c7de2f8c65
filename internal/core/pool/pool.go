// Package pool decides which tokens of a pool are kept: which one a key stands for, how many there may be, how many of
// them may be busy, and which one makes room for another (P2, P4). It consists of plain values without a goroutine,
// channel or clock: [Members] is the pool's, which steps it under a lock, and [Life] is that of one token, which its
// owner steps. The simulator and tests run the same without locks and owners.
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

// Place is where a token stands among the others of its pool. Its zero value: it is not among them.
type Place struct {
	index int32 // among the idle ones
	state state
}

type state uint8

const (
	absent state = iota
	busy
	idle
)

// Index finds the tokens of a pool by their keys. The pool alone changes it.
type Index[K any, T comparable] interface {
	// Find returns the token of a key; the zero value if there is none.
	Find(key K) T
	// Add adds a token whose key has none, and Remove takes one out.
	Add(T)
	Remove(T)
}

// Members are the tokens of a pool: the busy ones, and the idle ones in the order of their last use. There is one token
// for a key at most, and the index has it for as long as it is a member.
type Members[K any, T comparable] struct {
	policy Policy
	index  Index[K, T]
	// place is where a token keeps its place; used is when it was last used, as far as that is known.
	place func(T) *Place
	used  func(T) time.Duration

	total, busy int
	// idle is a heap, the one that was not used for the longest time first. So a token that is refreshed, and was busy
	// for that, finds its place among 100,000 others in a few steps.
	idle []ranked[T]
}

// ranked is an idle token. rank is when it was last used, as far as its place in the order is concerned.
type ranked[T comparable] struct {
	token T
	rank  time.Duration
}

// New returns a pool without tokens.
func New[K any, T comparable](p Policy, index Index[K, T], place func(T) *Place, used func(T) time.Duration) Members[K, T] {
	return Members[K, T]{policy: p.WithDefaults(), index: index, place: place, used: used}
}

// Policy is what it was made with, defaults filled in.
func (m *Members[K, T]) Policy() Policy { return m.policy }

// Counts returns how many tokens there are, and how many of them are busy.
func (m *Members[K, T]) Counts() (total, busy int) { return m.total, m.busy }

// Acquired is what became of a caller's wish for a token.
type Acquired[T comparable] struct {
	// Token is that of the key; Created says that there was none before.
	Token   T
	Created bool
	// Evicted is the token that had to make room; the zero value if none had to. Its owner is to be notified (see
	// [Life.Retire]): callers may be on their way to it.
	Evicted T
}

// Acquire returns the token of a key. If there is none, create makes it. A new one is busy at first: a caller wants it.
// If there are too many busy ones, none is made, and ok is false. If there are too many in all, the idle one that was
// not used for the longest time has to make room.
//
// A caller that found no token in the index may come here after another one, which has added it meanwhile. Therefore
// the index is asked again.
func (m *Members[K, T]) Acquire(key K, create func() T) (a Acquired[T], ok bool) {
	var none T
	if t := m.index.Find(key); t != none {
		return Acquired[T]{Token: t}, true
	}
	full := m.total >= m.policy.MaxTokens
	if m.busy >= m.policy.MaxBusy || full && len(m.idle) == 0 {
		return a, false
	}
	if full {
		a.Evicted = m.leastRecent()
		m.Remove(a.Evicted)
	}
	a.Token, a.Created = create(), true
	m.place(a.Token).state = busy
	m.total++
	m.busy++
	m.index.Add(a.Token)
	return a, true
}

// Settle notes that a token is busy or idle from now on. One that was removed stays so.
func (m *Members[K, T]) Settle(t T, isBusy bool) {
	switch p := m.place(t); {
	case isBusy && p.state == idle:
		m.drop(t)
		p.state = busy
		m.busy++
	case !isBusy && p.state == busy:
		m.busy--
		p.state = idle
		m.idle = append(m.idle, ranked[T]{})
		m.rank(len(m.idle)-1, ranked[T]{t, m.used(t)})
	}
}

// Remove takes a token out, and reports whether it was in.
func (m *Members[K, T]) Remove(t T) bool {
	p := m.place(t)
	switch p.state {
	case absent:
		return false
	case busy:
		m.busy--
	case idle:
		m.drop(t)
	}
	p.state = absent
	m.total--
	m.index.Remove(t)
	return true
}

// Forget takes a token out if it is idle and was not used for so long that it is to be forgotten, and reports whether
// it did.
func (m *Members[K, T]) Forget(t T, now time.Duration) bool {
	return m.place(t).state == idle && now-m.used(t) >= m.policy.IdleTime && m.Remove(t)
}

// maxReranked bounds how many tokens are put into order for one eviction. Each of them was used since it was last
// looked at.
const maxReranked = 1000

// leastRecent is the idle token that was not used for the longest time. The order is repaired as it is needed, because
// no one notes it when a token is read.
func (m *Members[K, T]) leastRecent() T {
	for range maxReranked {
		first := m.idle[0]
		used := m.used(first.token)
		if used <= first.rank {
			return first.token
		}
		m.rank(0, ranked[T]{first.token, used})
	}
	return m.idle[0].token
}

// drop takes a token out of the idle ones.
func (m *Members[K, T]) drop(t T) {
	i, last := int(m.place(t).index), len(m.idle)-1
	moved := m.idle[last]
	m.idle[last] = ranked[T]{}
	m.idle = m.idle[:last]
	if i < last {
		m.rank(i, moved)
	}
}

// rank puts an idle token where it belongs. Place i is free, and all others are in order.
func (m *Members[K, T]) rank(i int, r ranked[T]) {
	for i > 0 && r.rank < m.idle[(i-1)/2].rank {
		m.put(i, m.idle[(i-1)/2])
		i = (i - 1) / 2
	}
	for {
		child := 2*i + 1
		if child+1 < len(m.idle) && m.idle[child+1].rank < m.idle[child].rank {
			child++
		}
		if child >= len(m.idle) || m.idle[child].rank >= r.rank {
			break
		}
		m.put(i, m.idle[child])
		i = child
	}
	m.put(i, r)
}

func (m *Members[K, T]) put(i int, r ranked[T]) {
	m.idle[i] = r
	m.place(r.token).index = int32(i)
}
