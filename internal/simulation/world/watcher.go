package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// watcher is a loop over the token's successors (W), as package manager runs it: a bulletin wakes it, and it then takes
// what there is, so that it misses what it slept through.
type watcher struct {
	on      bool
	gen     uint32
	pending bool // there is a bulletin that it has not taken up
	failure bool // ... which says that no token is available
	failed  bool // it was given an error last
	value   int64
}

// comes is a watcher that joins.
func (p *process) comes(slot int32) {
	if p.ended {
		return
	}
	v := &p.watchers[slot]
	*v = watcher{on: true, gen: v.gen + 1, pending: true} // until it has its reply
	p.watching++
	p.w.coverIf(!p.published.on, CoverWatcherWithoutToken)
	reply := p.step(core.Input{Kind: core.Watch}, ticket{}, line{what: wWatch, a: int64(slot)})
	v.pending = false
	switch reply {
	case core.Serve:
		p.wakeWatcher(slot, false)
	case core.Failed:
		p.wakeWatcher(slot, true)
	case core.Shut:
		v.on = false
		p.watching--
	}
	if k := &p.w.parameters; p.w.now < p.w.faultsEnd {
		p.w.plan(event{at: p.w.now + p.w.watching.about(k.Duration/5), kind: watcherGoes, p: p.id, a: int64(slot), gen: v.gen})
	}
}

// goes is a watcher whose loop ends, and begins again later. Once the faults have ended, it stays.
func (p *process) goes(slot int32, gen uint32) {
	v := &p.watchers[slot]
	if !v.on || v.gen != gen || p.w.now >= p.w.faultsEnd {
		return
	}
	v.on = false
	p.watching--
	if !p.ended {
		p.step(core.Input{}, ticket{}, line{what: wUnwatch, a: int64(slot)})
	}
	p.w.plan(event{at: p.w.now + p.w.watching.about(p.w.parameters.Duration/10), kind: watcherComes, p: p.id, a: int64(slot)})
}

// notify wakes the watchers if a step brought them something.
func (p *process) notify(e *core.Effects) {
	if e.Notify == core.None {
		return
	}
	if e.Notify == core.Shut {
		for i := range p.watchers {
			p.watchers[i].on = false
		}
		p.watching = 0
		return
	}
	for i := range p.watchers {
		if p.watchers[i].on {
			p.wakeWatcher(int32(i), e.Notify == core.Failed)
		}
	}
}

// wakeWatcher lets a watcher know of a bulletin. Some are slow, and take up the newest one when they are done.
func (p *process) wakeWatcher(slot int32, failure bool) {
	v := &p.watchers[slot]
	busy := v.pending
	v.pending, v.failure = true, failure
	if busy {
		p.w.coverIf(!failure, CoverSlowWatcher)
		return
	}
	takes := p.w.watching.between(0, time.Millisecond)
	if p.w.watching.chance(0.2) {
		takes = p.w.watching.between(0, min(2*p.w.parameters.Lifetime, p.w.parameters.Duration/4))
	}
	p.w.plan(event{at: p.w.now + takes, kind: watcherLooks, p: p.id, a: int64(slot), gen: v.gen})
}

// looks is a watcher that takes up the newest bulletin.
func (p *process) looks(slot int32, gen uint32) {
	v := &p.watchers[slot]
	if !v.on || v.gen != gen {
		return
	}
	v.pending = false
	s := &p.published
	switch {
	case s.on && p.wall().Before(s.effectiveExpiry):
		if s.value == v.value {
			return
		}
		p.checker.yields(s.value)
		v.value, v.failed = s.value, false
		p.w.stats.Notified++
	case v.failure && !v.failed:
		v.value, v.failed = 0, true
		p.w.cover(CoverWatcherError)
	default:
		return
	}
	p.note(line{what: wYielded, a: int64(slot), b: v.value})
}
