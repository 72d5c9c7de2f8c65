package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// The faults of a world or of one of its processes.
const (
	outageBegins int64 = iota
	outageEnds
	revocation
	keyRollOver
	clockStep
	sleep
	crowd
	manualCalls
	closing
	elsewhere
	recovery
)

// planFaults plans the first of each fault that is on. Each plans its next one.
func (w *World) planFaults() {
	k := &w.parameters
	w.plan(event{at: w.faultsEnd, kind: fault, a: recovery})
	if k.Outage > 0 && len(k.Troubles) > 0 {
		w.later(3*k.Outage, 0, outageBegins)
	}
	if k.Revocations > 0 {
		w.later(k.Revocations, 0, revocation)
	}
	if k.KeyLag > 0 {
		w.later(k.Duration/3, 0, keyRollOver)
	}
	for i := range k.Processes {
		p := int32(i)
		if k.ClockSteps > 0 {
			w.later(k.Duration/4, p, clockStep)
		}
		if k.Sleeps {
			w.later(k.Duration/4, p, sleep)
		}
		if k.Burst > 0 {
			w.later(k.Duration/5, p, crowd)
		}
		if k.Manual {
			w.later(k.Duration/6, p, manualCalls)
		}
		if k.Closes {
			w.later(k.Duration, p, closing)
		}
		if k.Offers > 0 {
			w.nextOffer(p)
		}
	}
}

// later plans a fault for about that much later, if faults have not ended by then.
func (w *World) later(in time.Duration, p int32, what int64) {
	if at := w.now + w.faultSource.about(in) + time.Nanosecond; at < w.faultsEnd {
		w.plan(event{at: at, kind: fault, p: p, a: what})
	}
}

func (w *World) applyFault(e event) {
	k, s := &w.parameters, w.faultSource
	p := w.processes[e.p]
	switch e.a {
	case outageBegins:
		w.trouble(k.Troubles[s.below(len(k.Troubles))])
		w.later(k.Outage, 0, outageEnds)
	case outageEnds:
		w.trouble(Healthy)
		w.later(3*k.Outage, 0, outageBegins)
	case revocation:
		w.endpoint.revokeAll()
		w.later(k.Revocations, 0, revocation)
	case keyRollOver:
		w.endpoint.roll()
		w.later(k.Duration/3, 0, keyRollOver)
	case clockStep:
		p.stepClock(time.Duration((2*s.float() - 1) * k.ClockSteps * float64(pick(s, 24*time.Hour, time.Hour, 10*time.Second))))
		w.later(k.Duration/4, e.p, clockStep)
	case sleep:
		p.sleep(s.about(pick(s, time.Second, 20*time.Second, max(k.Lifetime, time.Second))))
		w.later(k.Duration/4, e.p, sleep)
	case crowd:
		if p.asleep <= w.now {
			p.burst(k.Burst)
		}
		w.later(k.Duration/5, e.p, crowd)
	case manualCalls:
		p.manualCall()
		w.later(k.Duration/6, e.p, manualCalls)
	case closing:
		if p.asleep <= w.now {
			p.close()
			w.later(time.Second, e.p, closing)
		}
	case elsewhere:
		w.offer(e.p)
	case recovery:
		w.endFaults()
	}
}

func (w *World) trouble(t Trouble) {
	w.endpoint.trouble = t
	w.note(line{what: wOutage, a: int64(t)})
}

func (p *process) stepClock(by time.Duration) {
	p.offset += by
	p.stepped = true
	p.note(line{what: wStep, a: int64(by)})
}

// sleep stops the machine: its timers stand still, its clock does not, and what arrives is taken when it wakes.
func (p *process) sleep(d time.Duration) {
	d = min(d, p.w.faultsEnd-p.w.now)
	if p.asleep > p.w.now || d <= 0 {
		return
	}
	p.note(line{what: wSleep, a: int64(d)})
	p.asleep = p.w.now + d
	p.slept += d
	p.w.coverIf(p.published.on && p.wall().Add(d).After(p.published.effectiveExpiry), CoverSleptThroughTheExpiry)
}

var manualRefresh = core.Input{Kind: core.Refresh}

func (p *process) manualCall() {
	if p.asleep > p.w.now || p.ended {
		return
	}
	if p.w.rnd.chance(0.5) && p.published.on {
		p.invalidate(p.published.value, 8, 0, false, ticket{})
		return
	}
	p.step(manualRefresh, ticket{}, line{what: wRefresh})
}

// endFaults switches every fault off. A clock that is off stays off: setting it would be one more step.
func (w *World) endFaults() {
	w.note(line{what: wFaultsEnd})
	k := &w.parameters
	w.endpoint.trouble = Healthy
	k.Slow, k.Stuck, k.ExpiredOnArrival, k.NoLifetime, k.Late = 0, 0, 0, 0, 0
	k.Repeat, k.StaleRepeat = false, false
	k.KeyLag, k.Revocations, k.RetryAfter, k.Patience = 0, 0, 0, 0
	k.Latency = min(k.Latency, k.Lifetime/10)
	k.AlwaysReject, k.Introspects, k.DeniedPaths, k.BadReplicas, k.OneActive = false, false, 0, 0, false
}
