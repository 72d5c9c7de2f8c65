package manager

import (
	"github.com/alf-go/alf/internal/core"
)

// counters is what Stats counts, without what it reports of the state.
type counters struct {
	fetches    [core.Causes]uint64
	classes    [core.Classes]uint64
	kinds      [core.EventKinds]uint64
	suppressed uint64
	dropped    uint64
}

// report counts what happened in a step and passes it on.
func (o *owner) report(msg message, in *core.Input, effects *core.Effects) {
	if effects.Reply == core.Suppressed {
		o.counts.suppressed++
	}
	for i := range effects.N {
		o.reportEvent(msg, effects, &effects.Events[i])
	}
	if effects.Replaced && o.evidence.displacements.Note(o.core.Elapsed()) {
		o.emit(Event{Kind: OneActiveToken, Token: o.held.ID(), Origin: o.evidence.name(in.Origin)})
	}
}

func (o *owner) reportEvent(msg message, effects *core.Effects, e *core.Event) {
	o.count(e)
	event := Event{
		Kind:     EventKind(e.Kind.String()),
		Token:    e.Token,
		Fetch:    e.Flight,
		Cause:    Cause(e.Cause.String()),
		Attempt:  e.Attempt,
		Duration: e.Duration,
		Class:    Class(e.Class.String()),
		Until:    e.Until,
	}
	switch e.Kind {
	case core.FetchEnded:
		if m, ok := msg.(fetched); ok {
			event.Err = m.err
		}
	case core.BackedOff:
		if o.failure != nil {
			event.Err = o.failure.Err
		}
	case core.Published:
		event.RefreshTime = effects.Publication.RefreshTime
	case core.Rejected, core.Guarded:
		event.Origin = o.evidence.name(e.Origin)
	case core.RejectionSuppressed:
		var wanted bool
		if event.Count, wanted = o.evidence.suppressed(e, o.core.Wall()); !wanted {
			return
		}
		event.Origin = o.evidence.name(e.Origin)
	}
	o.emit(event)
}

// emit hands an event to the observer.
func (o *owner) emit(event Event) {
	event.Time = o.core.Wall()
	event.Remedy = remedies[event.Kind]
	if !o.observer.add(event) {
		o.counts.dropped++
	}
}

func (o *owner) count(e *core.Event) {
	c := &o.counts
	c.kinds[e.Kind]++
	switch e.Kind {
	case core.FetchStarted:
		c.fetches[e.Cause]++
	case core.FetchEnded:
		c.classes[e.Class]++
	}
}

// snapshotStats is what Stats returns.
func (o *owner) snapshotStats() Stats {
	c, state := &o.counts, o.core.State()
	s := Stats{
		Closed: state.Closed, Idle: state.Idle, Fetching: state.Fetching, AbandonedNow: state.Abandoned,
		Waiting: len(o.waiting), LastError: o.lastErr, NextAttempt: state.NextAttempt,

		Fetches: c.kinds[core.FetchStarted], FetchesBy: make(map[Cause]uint64),
		Succeeded: c.classes[core.ClassOK], ExpiredOnArrival: c.classes[core.ClassExpiredOnArrival],
		Failed: c.classes[core.ClassTransient] + c.classes[core.ClassPermanent], Permanent: c.classes[core.ClassPermanent],
		Abandoned: c.kinds[core.FetchAbandoned], LateResults: c.kinds[core.LateResult],
		Published: c.kinds[core.Published], Rejected: c.kinds[core.Rejected], Suppressed: c.suppressed,
		Guarded: c.kinds[core.Guarded], BackedOff: c.kinds[core.BackedOff], BackoffsLifted: c.kinds[core.BackoffLifted],
		WentIdle:      c.kinds[core.WentIdle],
		EventsDropped: c.dropped, HookPanics: o.observer.panics(),
		Waits: o.waits.all(),
	}
	for cause, n := range c.fetches {
		if n > 0 {
			s.FetchesBy[Cause(core.Cause(cause).String())] = n
		}
	}
	if !state.Closed {
		s.Watchers = o.watchers
	}
	if p := o.current.Load(); p != nil {
		s.Ready = p.contest.Load() == nil
		s.Token = p.token.ID()
		s.Age = o.core.Wall().Sub(p.start)
		s.EffectiveExpiry, s.RefreshTime, s.Expiry = p.end, p.refreshTime, p.token.Expiry()
	}
	return s
}
