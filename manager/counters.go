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
	e.shard.counts.add(ev)
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
	event.Time = e.core.Wall()
	event.Remedy = remedies[event.Kind]
	e.shard.observer.add(event)
}

func (c *counters) add(ev *core.Event) {
	c.kinds[ev.Kind]++
	switch ev.Kind {
	case core.FetchStarted:
		c.fetches[ev.Cause]++
	case core.FetchEnded:
		c.classes[ev.Class]++
	}
}

// stats is what Stats returns.
func (e *entry) stats() Stats {
	c, state := &e.shard.counts, e.core.State()
	dropped, panicked := e.shard.observer.losses()
	s := Stats{
		Closed: state.Closed, Idle: state.Idle, Fetching: state.Fetching, AbandonedNow: state.Abandoned,
		Waiting: len(e.waiting), LastError: e.lastErr, NextAttempt: state.NextAttempt,

		Fetches: c.kinds[core.FetchStarted], FetchesBy: make(map[Cause]uint64),
		Succeeded: c.classes[core.ClassOK], ExpiredOnArrival: c.classes[core.ClassExpiredOnArrival],
		Failed: c.classes[core.ClassTransient] + c.classes[core.ClassPermanent], Permanent: c.classes[core.ClassPermanent],
		Abandoned: c.kinds[core.FetchAbandoned], LateResults: c.kinds[core.LateResult],
		Published: c.kinds[core.Published], Rejected: c.kinds[core.Rejected], Suppressed: c.kinds[core.RejectionSuppressed],
		Guarded: c.kinds[core.Guarded], BackedOff: c.kinds[core.BackedOff], BackoffsLifted: c.kinds[core.BackoffLifted],
		WentIdle:      c.kinds[core.WentIdle],
		EventsDropped: dropped, HookPanics: panicked,
		Waits: e.shard.waits.all(),
	}
	for cause, n := range c.fetches {
		if n > 0 {
			s.FetchesBy[Cause(core.Cause(cause).String())] = n
		}
	}
	if !state.Closed {
		s.Watchers = e.watchers
	}
	if p := e.current.Load(); p != nil {
		s.Ready = p.contest.Load() == nil
		s.Token = p.token.ID()
		s.Age = e.core.Wall().Sub(p.start)
		s.EffectiveExpiry, s.RefreshTime, s.Expiry = p.end, p.refreshTime, p.token.Expiry()
	}
	return s
}
