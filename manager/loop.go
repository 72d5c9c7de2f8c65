package manager

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
)

// owner is the one goroutine that owns the token. Nothing in here is touched by any other, except for the handle.
//
// What to do is decided by the core; the owner reports to it what happened and does what it says. It never waits for
// anything but the next message.
type owner struct {
	*Manager
	core     core.Core
	fetcher  Fetcher
	rand     func() float64
	observer *observer

	held     *Token // the last one published, withdrawn or not
	arrived  *Token // the one that came with the message at hand
	rejected *Token // the one that a resource server rejected, until another is published
	failure  *Error // what callers receive while there is no token
	lastErr  error  // of the last fetch, if it failed
	waiting  []waiter
	watchers int
	evidence *evidence // nil until a token is rejected

	cancel   context.CancelCauseFunc // of the fetch in flight
	wake     *clock.Timer            // for the core's deadline,
	wakeAt   core.Elapsed            // which is this
	expiry   *clock.Timer            // for the published token's effective expiry; never set again (M2)
	handouts sync.WaitGroup          // helpers that send replies
	counts   counters
	over     bool
}

func newOwner(cfg Config) *owner {
	o := &owner{
		Manager:  newManager(cfg.Clock),
		core:     core.New(cfg.Policy.core()),
		fetcher:  cfg.Fetcher,
		rand:     cfg.Rand,
		observer: newObserver(cfg.Hook, cfg.Logger),
	}
	if o.rand == nil {
		o.rand = rand.Float64
	}
	return o
}

// run is the owner's life: one message after the other.
func (o *owner) run() {
	for !o.over {
		o.handle(<-o.inbox)
	}
	o.end()
}

// handle is one step. It is kept out of run's frame, so that an idle owner needs the smallest of stacks.
//
//go:noinline
func (o *owner) handle(msg message) {
	now := o.clock.Now()
	in := msg.input(o, now)
	in.Read, in.Watched = o.current.Load().wasRead(), o.watchers > 0
	effects := o.core.Step(now, o.draw(), in)
	o.apply(msg, &in, &effects)
}

// draw is a number from 0 to 1, whatever the configured source returns (M22).
func (o *owner) draw() float64 {
	if r := o.rand(); r > 0 { // neither negative nor NaN
		return min(r, 1)
	}
	return 0
}

// send sends the owner a message from outside, and gives up only when there is no owner any more.
func (m *Manager) send(msg message) {
	select {
	case m.inbox <- msg:
	case <-m.done:
	}
}

// end leaves nothing behind: no timer, no helper, no caller that waits.
func (o *owner) end() {
	o.disarm()
	o.handouts.Wait()
	final := o.snapshotStats()
	o.final = &final
	close(o.done)
}
