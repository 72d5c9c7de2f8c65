package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// appendKey appends what a state is compared by, which is also all that is needed to go on from it: the core's
// canonical form and the host's, where what cannot matter any more is zero.
func (x *explorer) appendKey(b []byte, s *state) []byte {
	k := s.core
	if x.world.Origins == 0 && !x.world.Unnamed && x.world.MinLife == 0 {
		k.ForgetArrival()
	}
	b = k.AppendKey(b)
	p := core.PackTo(b)
	h := s.host
	h.canonicalize(&s.core, x.world.ClockSteps > 0, h.steps < x.world.ClockSteps)
	h.pack(p)
	return p.Bytes()
}

func (x *explorer) fromKey(key []byte) (s state) {
	c, rest := core.FromKey(x.policy, key)
	s.core = c
	s.host.pack(core.UnpackFrom(rest))
	return s
}

// canonicalize drops what cannot matter any more. clockStepped: the clock may have been stepped; mayStep: it may be
// again.
func (h *host) canonicalize(c *core.Core, clockStepped, mayStep bool) {
	if h.wake.gone {
		h.wake = alarm{on: true, gone: true} // what it was set for has passed, so no later deadline is the same
	}
	h.wake.at = c.Left(h.wake.at)
	if !h.wake.on {
		h.wake = alarm{}
	}
	if h.snapshot.on {
		h.snapshot.publication = core.CanonicalID
		if !mayStep {
			h.snapshot.refreshTime = max(h.snapshot.refreshTime, 0) // passed for good
		}
	} else {
		h.snapshot = snapshot{}
		h.checker.repeated = false
		h.lifetime = lifetime{}
		h.contests.end()
	}
	if h.flight.on {
		h.flight.id = core.CanonicalID
		if !h.flight.cancelled {
			h.flight.overdue = 0
		}
	} else {
		h.flight, h.checker.failureReported = flight{}, false
	}
	h.contests.canonicalize()
	if h.waiting+h.orServed == 0 {
		h.longest = 0
	}
	if (h.checker.quiet == 0 || h.checker.round) && !clockStepped && !h.checker.outageKnown {
		h.failure = false // reported inside a backoff only, and there is none
	}
	if h.closed {
		h.failure = false
		h.checker, h.contests, h.watchers, h.lifetime = checker{}, contests{}, watchers{}, lifetime{}
	}
}

// pack names every field once, for both directions.
func (h *host) pack(p *core.Packer) {
	l := &h.checker
	core.Flags(p, &h.wake.on, &h.wake.gone, &h.snapshot.on, &h.flight.on, &h.flight.cancelled, &h.refreshHint, &h.failure, &h.held)
	core.Flags(p, &h.closed, &h.ended, &l.round, &l.liftable, &l.lossEnds, &l.repeated, &l.failureReported, &l.again)
	core.Flags(p, &h.checking, &l.attended, &l.outageKnown, &l.ofWatchers, &h.flight.stale)
	durations(p, &h.clock, &l.quiet, &l.gate, &l.sinceRejection, &l.retryAt)
	if h.wake.pending() {
		durations(p, &h.wake.at, &h.wake.left)
	}
	if h.snapshot.on {
		core.Number(p, &h.snapshot.attention)
		core.Number(p, &h.snapshot.publication)
		durations(p, &h.snapshot.refreshTime, &h.snapshot.end, &h.snapshot.timer, &h.lifetime.effective, &h.lifetime.published)
	}
	if h.flight.on {
		core.Number(p, &h.flight.id)
		durations(p, &h.flight.wall, &h.flight.age, &h.flight.overdue)
	}
	core.Number(p, &h.waiting)
	core.Number(p, &h.orServed)
	if h.orServed > 0 {
		core.Number(p, &h.orServedFor)
	}
	if h.waiting+h.orServed > 0 {
		durations(p, &h.longest)
	}
	core.Number(p, &h.abandoned)
	core.Number(p, &h.steps)
	core.Number(p, &h.fetches)
	core.Number(p, &l.transient)
	core.Number(p, &l.permanent)
	h.contests.pack(p)
	h.watchers.pack(p)
}

func durations(p *core.Packer, of ...*time.Duration) {
	for _, d := range of {
		core.Number(p, d)
	}
}
