package manager

import (
	"context"
	"hash/maphash"
	"math/rand/v2"
	"sync"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/core"
)

// owner is the one goroutine that owns the token. Nothing in here is touched by any other, but for the handle.
//
// What to do is decided by the core; the owner tells it what happened and does what it says. It never waits for anything
// but the next message.
type owner struct {
	*Manager
	core     core.Core
	fetcher  Fetcher
	rand     func() float64
	seed     maphash.Seed
	observer *observer

	held    *Token // the last one published, withdrawn or not
	arrived *Token // the one that came with the message at hand
	failure *Error // what callers are told while there is no token
	lastErr error  // of the last fetch, if it failed
	waiting []chan<- answer

	cancel   context.CancelCauseFunc // of the fetch in flight
	wake     *clock.Timer            // for the core's deadline,
	wakeAt   core.Elapsed            // which is this
	expiry   *clock.Timer            // for the published token's usable end; never set anew (M2)
	handouts sync.WaitGroup          // helpers that hand out answers
	counts   counters
	over     bool
}

func newOwner(cfg Config) *owner {
	o := &owner{
		Manager: &Manager{
			clock: cfg.Clock,
			inbox: make(chan message),
			done:  make(chan struct{}),
		},
		core:     core.New(cfg.Policy.core()),
		fetcher:  cfg.Fetcher,
		rand:     cfg.Rand,
		seed:     maphash.MakeSeed(),
		observer: newObserver(cfg.Hook, cfg.Logger),
	}
	if o.clock == nil {
		o.clock = clock.New()
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

// handle is one turn. It is kept out of run's frame, so that an idle owner needs the smallest of stacks.
//
//go:noinline
func (o *owner) handle(msg message) {
	in := msg.input(o)
	in.Read = o.current.Load().wasRead()
	effects := o.core.Step(o.clock.Now(), o.draw(), in)
	o.apply(msg, &effects)
}

func (o *owner) draw() float64 { return min(max(o.rand(), 0), 1) }

// rejecterID is a rejecter to the core, which keeps no strings.
func (o *owner) rejecterID(name string) uint64 { return maphash.String(o.seed, name) }

// tell sends the owner a message from outside, and gives up only when there is no owner any more.
func (m *Manager) tell(msg message) {
	select {
	case m.inbox <- msg:
	case <-m.done:
	}
}

// end leaves nothing behind: no timer, no helper, nobody waiting.
func (o *owner) end() {
	o.disarm()
	o.handouts.Wait()
	final := o.snapshotStats()
	o.final = &final
	close(o.done)
}
