package manager

import (
	"github.com/alf-go/alf/internal/core"
)

// counters is what Stats counts, without what it reports of the state.
type counters struct {
	fetches [core.Causes]uint64
	classes [core.Classes]uint64
	kinds   [core.EventKinds]uint64
}

// report counts what happened in a step and passes it on.
func (e *entry) report(msg message, in *core.Input, effects *core.Effects) {
	for i := range effects.N {
		e.reportEvent(msg, effects, &effects.Events[i])
	}
	if effects.Replaced && e.evidence.displacements.Note(e.core.Elapsed()) {
		e.emit(Event{Kind: OneActiveToken, Token: e.held.ID(), Origin: e.evidence.name(in.Origin)})
	}
}

func (e *entry) reportEvent(msg message, effects *core.Effects, ev *core.Event) {
	e.shard.counts.count(ev)
	event := Event{
		Kind:     EventKind(ev.Kind.String()),
		Token:    ev.Token,
		Fetch:    ev.Flight,
		Cause:    Cause(ev.Cause.String()),
		Attempt:  ev.Attempt,
		Duration: ev.Duration,
		Class:    Class(ev.Class.String()),
		Until:    ev.Until,
	}
	switch ev.Kind {
	case core.FetchEnded:
		if m, ok := msg.(fetched); ok {
			event.Err = m.err
		}
	case core.BackedOff:
		if e.failure != nil {
			event.Err = e.failure.Err
		}
	case core.Published:
		event.RefreshTime = effects.Publication.RefreshTime
	case core.Rejected, core.Guarded:
		event.Origin = e.evidence.name(ev.Origin)
	case core.RejectionSuppressed:
		var wanted bool
		if event.Count, wanted = e.evidence.suppressed(ev, e.core.Wall()); !wanted {
			return
		}
		event.Origin = e.evidence.name(ev.Origin)
	}
	e.emit(event)
}

// emit hands an event to the observer.
func (e *entry) emit(event Event) {
	if e.shard.observer == nil {
		return
	}
	if event.Time.IsZero() {
		event.Time = e.core.Wall()
	}
	event.Remedy = remedies[event.Kind]
	if e.pooled != nil {
		event.Target = e.pooled.name()
	}
	e.shard.observer.add(event)
}

func (c *counters) count(ev *core.Event) {
	c.kinds[ev.Kind]++
	switch ev.Kind {
	case core.FetchStarted:
		c.fetches[ev.Cause]++
	case core.FetchEnded:
		c.classes[ev.Class]++
	}
}

// stats is what Stats returns. What is counted for all tokens of a pool together is left out for one of them.
func (e *entry) stats() Stats {
	var s Stats
	if e.pooled == nil {
		s = e.shard.counts.stats()
		s.EventsDropped, s.HookPanics = e.shard.observer.losses()
		s.Waits = e.shard.waits.all()
	}
	if e.shared != nil {
		counts := e.shared.counts
		s.Sharing = &counts
	}
	state := e.core.State()
	s.Closed, s.Idle, s.Fetching, s.AbandonedNow = state.Closed, state.Idle, state.Fetching, state.Abandoned
	s.Waiting, s.LastError, s.NextAttempt = len(e.waiting), e.lastErr, state.NextAttempt
	if !state.Closed {
		s.Watchers = int(e.watchers)
	}
	if p := e.current.Load(); p != nil {
		s.Ready = p.contest.Load() == nil
		s.Token = p.token.ID()
		s.Age = e.core.Wall().Sub(p.start())
		s.EffectiveExpiry, s.RefreshTime, s.Expiry = p.end(), p.refreshTime, p.token.Expiry()
	}
	return s
}

// stats is what was counted.
func (c *counters) stats() Stats {
	s := Stats{
		Fetches: c.kinds[core.FetchStarted], FetchesBy: make(map[Cause]uint64),
		Succeeded: c.classes[core.ClassOK], ExpiredOnArrival: c.classes[core.ClassExpiredOnArrival],
		Failed: c.classes[core.ClassTransient] + c.classes[core.ClassPermanent], Permanent: c.classes[core.ClassPermanent],
		Abandoned: c.kinds[core.FetchAbandoned], LateResults: c.kinds[core.LateResult],
		Published: c.kinds[core.Published], Rejected: c.kinds[core.Rejected], Suppressed: c.kinds[core.RejectionSuppressed],
		Guarded: c.kinds[core.Guarded], BackedOff: c.kinds[core.BackedOff], BackoffsLifted: c.kinds[core.BackoffLifted],
		WentIdle: c.kinds[core.WentIdle], Stale: c.classes[core.ClassStale],
	}
	for cause, n := range c.fetches {
		if n > 0 {
			s.FetchesBy[Cause(core.Cause(cause).String())] = n
		}
	}
	return s
}

// add adds what another owner has counted.
func (c *counters) add(o counters) {
	for i, n := range o.fetches {
		c.fetches[i] += n
	}
	for i, n := range o.classes {
		c.classes[i] += n
	}
	for i, n := range o.kinds {
		c.kinds[i] += n
	}
}
