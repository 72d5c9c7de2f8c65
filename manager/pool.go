package manager

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/pool"
)

// ErrPoolFull is what errors.Is finds in the error of a caller whose token is not in the [Pool], and cannot be added:
// too many tokens are busy, which is to say that callers wait for them, that they are being fetched, or that their
// fetches fail.
var ErrPoolFull = errors.New("alf: the pool is full: too many of its tokens are busy")

// PoolConfig is what a [Pool] is made from. Its zero value is usable.
type PoolConfig struct {
	// Policy is how decisions about each token are made; its zero value is the default.
	Policy Policy
	// IdleTime is after how long without use a token is forgotten. It is a minute at least. Default: 1 hour.
	IdleTime time.Duration
	// MaxTokens is how many tokens are kept at most. The one that was not used for the longest time makes room for
	// another one. Default: 100,000.
	MaxTokens int
	// MaxBusy is how many tokens may be busy when another one is added; beyond, callers get [ErrPoolFull]. Busy is a
	// token that callers wait for or watch, that is being fetched or contested, whose origins are guarded, or whose
	// fetches have failed while the last caller came less than a minute ago. A busy token is never removed to make
	// room. Default: 10,000.
	MaxBusy int
	// Owners is how many goroutines own the tokens, each a part of them. Default: one per CPU, but at least 2.
	Owners int
	// Clock, Rand, Hook and Logger are as in [Config]. Each [Event] says in Target which token it is about.
	Clock  clock.Clock
	Rand   func() float64
	Hook   func(Event)
	Logger *slog.Logger
}

// Validate reports every setting that makes no sense: the error contains one *[FieldError] for each.
func (c PoolConfig) Validate() error {
	problems := []error{c.Policy.Validate()}
	bad := func(field, problem string) {
		problems = append(problems, &FieldError{Field: field, Problem: problem, Remedy: "correct it, or leave it 0 for the default"})
	}
	if c.IdleTime != 0 && c.IdleTime < time.Minute {
		bad("IdleTime", fmt.Sprintf("%v is less than a minute", c.IdleTime))
	}
	for _, n := range []struct {
		field string
		value int
	}{{"MaxTokens", c.MaxTokens}, {"MaxBusy", c.MaxBusy}, {"Owners", c.Owners}} {
		if n.value < 0 {
			bad(n.field, fmt.Sprintf("%d is negative", n.value))
		}
	}
	if c.Owners > maxOwners {
		bad("Owners", fmt.Sprintf("%d is more than %d", c.Owners, maxOwners))
	}
	return errors.Join(problems...)
}

// maxOwners is more than any machine has use for.
const maxOwners = 1024

// Pool keeps any number of tokens, each under a [Key]. A few goroutines, the owners, own them; each token has exactly
// one owner. An idle token costs no goroutine and no timer of its own. A token is created by the first caller that asks
// for it through a [Handle], and forgotten when no caller has used it for a time. What [Manager] promises of its token
// holds for every token of a pool, and what happens to one affects no other.
//
// Make one with [NewPool], and Close it when it is no longer needed. Its methods are safe for concurrent use.
type Pool struct {
	policy   core.Policy
	clock    clock.Clock
	epoch    time.Time // since when uses count
	shards   []*shard
	index    index
	rejected rejectedValues

	mu      sync.Mutex // held also while index is changed
	members pool.Members[*Key, *pooledEntry]
	closed  bool
	counts  poolCounts
}

type poolCounts struct{ created, forgotten, evicted, refused uint64 }

// NewPool starts a pool. The error names every setting that makes no sense: it contains one *[FieldError] for each.
func NewPool(cfg PoolConfig) (*Pool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("manager: unusable PoolConfig:\n%w", err)
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.New()
	}
	if cfg.Owners == 0 {
		cfg.Owners = max(runtime.GOMAXPROCS(0), 2)
	}
	p := &Pool{policy: cfg.Policy.core(), clock: cfg.Clock, epoch: cfg.Clock.Now()}
	p.index.init()
	p.members = pool.New(
		pool.Policy{MaxTokens: cfg.MaxTokens, MaxBusy: cfg.MaxBusy, IdleTime: min(cfg.IdleTime, 365*24*time.Hour)}, &p.index,
		func(e *pooledEntry) *pool.Place { return &e.place },
		func(e *pooledEntry) core.Elapsed { return core.Elapsed(e.used.Load()) },
	)
	observer := newObserver(cfg.Hook, cfg.Logger)
	random := exclusive(cfg.Rand)
	for range cfg.Owners {
		s := new(shard)
		s.init(cfg.Clock, random, observer)
		s.pool, s.kept = p, make(map[*pooledEntry]kept)
		s.entries = 1 // the pool itself, until it is closed
		p.shards = append(p.shards, s)
		go s.run()
	}
	return p, nil
}

// find returns the entry of a key; nil if there is none.
func (p *Pool) find(key *Key) *pooledEntry { return p.index.Find(key) }

// acquire returns the entry of a key, and creates it if there is none.
func (p *Pool) acquire(key Key, f Fetcher) (*pooledEntry, error) {
	if e := p.find(&key); e != nil {
		return e, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	a, ok := p.members.Acquire(&key, func() *pooledEntry { return newPooledEntry(p, key, f) })
	if !ok {
		p.counts.refused++
		return nil, ErrPoolFull
	}
	if a.Evicted != nil {
		p.counts.evicted++
		go a.Evicted.send(retire{why: pool.Forgotten})
	}
	if a.Created {
		p.counts.created++
		if m := memberOf(f); m != nil {
			m.join()
		}
	}
	return a.Token, nil
}

// Current returns the current token of a key, as [Manager.Current] does; nil if there is none in the pool. It neither
// waits nor allocates.
func (p *Pool) Current(key Key) *Token {
	if e := p.find(&key); e != nil {
		return e.currentToken()
	}
	return nil
}

// remove takes an entry out, so that the next caller creates another one, and reports whether it was in.
func (p *Pool) remove(e *pooledEntry) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.members.Remove(e) {
		return false
	}
	p.counts.forgotten++
	return true
}

// Forget removes a token. Its handles go on working: the next caller has another one fetched, with what the handle's
// fetcher knows by then. Callers that wait go on waiting, for that one. A value that was rejected is not handed out
// again. When Forget returns, no caller gets the former token any more.
func (p *Pool) Forget(key Key) {
	if e := p.find(&key); e != nil && p.remove(e) {
		done := make(chan struct{})
		if e.send(retire{pool.Forgotten, done}) {
			<-done
		}
	}
}

// PoolStats is what a [Pool] has counted since it was made, and how things stand. It contains no secret.
type PoolStats struct {
	// Tokens is how many tokens it keeps, Busy how many of them are busy.
	Tokens, Busy int
	// Created, Forgotten and Evicted count tokens: those that were added, those that were removed because no caller
	// used them or because of [Pool.Forget], and those that made room for another. Refused counts callers that got
	// [ErrPoolFull].
	Created, Forgotten, Evicted, Refused uint64
	// Stats adds up what happened to all tokens. Of its fields that report a state, only Closed is set.
	Stats
}

// Stats reports what happened to all tokens together. It waits until every owner has taken its message.
func (p *Pool) Stats() PoolStats {
	var counted counters
	waited := make(map[WaitOutcome]WaitStats)
	for _, shard := range p.shards {
		counted.add(shard.counted())
		shard.waits.addTo(waited)
	}
	s := PoolStats{Stats: counted.stats()}
	if len(waited) > 0 {
		s.Waits = waited
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.Tokens, s.Busy = p.members.Counts()
	s.Created, s.Forgotten, s.Evicted, s.Refused = p.counts.created, p.counts.forgotten, p.counts.evicted, p.counts.refused
	s.Closed = p.closed
	s.EventsDropped, s.HookPanics = p.shards[0].observer.losses()
	return s
}

// Close ends the pool: all callers that wait get [ErrClosed], as do all that come later, and fetches in flight are
// cancelled. Close returns when all owners and fetches have ended, or 5 s after the cancellation, when the fetches that
// ignore it are abandoned. Further calls wait until the first one has ended. The error is always nil.
func (p *Pool) Close() error {
	p.mu.Lock()
	first := !p.closed
	p.closed = true
	of := make(map[*shard][]*entry)
	if first {
		p.index.each(func(e *pooledEntry) { of[e.shard] = append(of[e.shard], &e.entry) })
	}
	p.mu.Unlock()
	for _, s := range p.shards {
		if first {
			s.deliver(delivery{msg: closingPool{of[s]}})
		}
	}
	for _, s := range p.shards {
		<-s.done
	}
	return nil
}

// closingPool: the pool is closed, and with it all these entries of a shard. It is about no single entry.
type closingPool struct{ entries []*entry }

func (closingPool) input(*entry, time.Time) core.Input { return core.Input{} }
func (closingPool) sender() chan<- reply               { return nil }

// poolStatistics: a caller wants to know what a shard has counted.
type poolStatistics struct{ reply chan<- counters }

func (poolStatistics) input(*entry, time.Time) core.Input { return core.Input{} }
func (poolStatistics) sender() chan<- reply               { return nil }

// receiveOwn handles a message about no single entry.
func (s *shard) receiveOwn(msg message) {
	switch m := msg.(type) {
	case closingPool:
		for _, e := range m.entries {
			e.receive(retire{why: pool.Closed})
		}
		s.entries--
	case poolStatistics:
		m.reply <- s.counts
	}
}

// counted is what a shard has counted, for anyone.
func (s *shard) counted() counters {
	reply := make(chan counters, 1)
	if s.deliver(delivery{msg: poolStatistics{reply}}) {
		return <-reply
	}
	return s.counts // what the owner has left
}
