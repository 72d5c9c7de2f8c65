package manager

import (
	"context"
	"sync/atomic"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
	"github.com/alf-go/alf/internal/core/pool"
)

// entry is one token: what callers read of it, and what its owner keeps.
type entry struct {
	current atomic.Pointer[snapshot] // nil: there is no token. Only the owner stores.
	// observing is true while outcomes of first sends are wanted. Only the owner stores.
	observing atomic.Bool
	// inPool is the owner's, of an entry of a pool. It stands here because there is room beside a flag (P5).
	inPool   inPool
	bulletin atomic.Pointer[bulletin] // what watchers wait on; nil: there are none. Only the owner stores.
	shard    *shard                   // never changes
	pooled   *pooledEntry             // the same entry, if it is one of a pool; never changes

	*state // the owner's, as all that follows
	wake   wakeTime
	expiry place // among the effective expiries
}

// inPool is where an entry of a pool stands in its life.
type inPool struct {
	pool.Life
	joined bool // the owner has counted it
}

// state is what the owner of a token needs to take a step.
type state struct {
	core    core.Core
	fetcher Fetcher

	held     *Token // the last one published, withdrawn or not
	arrived  *Token // the one that came with the message at hand
	rejected *Token // the one that a resource server rejected, until another is published
	failure  *Error // what callers receive while there is no token
	lastErr  error  // of the last fetch, if it failed
	waiting  []waiter
	watchers int32
	paced    bool      // the first fetch counts towards the pace of new tokens (P4)
	evidence *evidence // nil until a token is rejected

	cancel context.CancelCauseFunc // of the fetch in flight

	shared *sharer         // nil: the token is not shared with other processes
	member *member         // nil: the token endpoint is not shared
	ticket endpoint.Ticket // of the fetch that waits there, or is in flight
	wakeBy core.Elapsed    // the deadline that it asked for, by its own time
	called core.Elapsed    // when a caller asked the owner last, if that is a pool's
}

// receive handles a message. An effective expiry that has passed by the time elapsed comes first (M2, M17); all other
// deadlines are the core's own business.
func (e *entry) receive(msg message) {
	if e.pooled != nil {
		e.pooled.receive(msg)
		return
	}
	e.takeStep(msg)
}

func (e *entry) takeStep(msg message) {
	if e.shard.expiries.passed(e, e.shard.elapsed) {
		e.step(expired{})
	}
	e.step(msg)
}

// step reports a message to the core and does what it decides.
func (e *entry) step(msg message) {
	s := e.shard
	in := msg.input(e, s.last)
	in.Read, in.Watched = e.current.Load().wasRead(), e.watchers > 0
	if e.shared == nil {
		effects := e.core.Step(s.last, bounded(s.rand()), in)
		e.apply(msg, &in, &effects)
		return
	}
	before := e.current.Load().published()
	effects := e.core.Step(s.last, bounded(s.rand()), in)
	e.apply(msg, &in, &effects)
	e.share(msg, before, &effects)
}

// send sends the owner a message from outside. It gives up, and returns false, only when there is no owner any more.
func (e *entry) send(msg message) bool { return e.shard.deliver(delivery{e, msg}) }

func (s *shard) deliver(d delivery) bool {
	select {
	case s.inbox <- d:
		return true
	case <-s.done:
		return false
	}
}

// end is for an entry that is closed and of which nothing runs any more.
func (e *entry) end(m *member) {
	e.wake.armed = false
	e.shard.wakes.remove(e)
	e.shard.expiries.remove(e)
	if m != nil {
		m.leave()
	}
	e.shard.entries--
	if e.pooled != nil {
		e.inPool.End()
	}
}
