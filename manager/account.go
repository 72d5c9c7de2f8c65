package manager

import (
	"github.com/alf-go/alf/internal/core"
)

var kinds = [...]EventKind{
	core.FetchStarted:        FetchStarted,
	core.FetchEnded:          FetchEnded,
	core.FetchAbandoned:      FetchAbandoned,
	core.LateResult:          LateResult,
	core.Published:           Published,
	core.Withdrawn:           Withdrawn,
	core.Rejected:            Rejected,
	core.RejectionSuppressed: Suppressed,
	core.BackedOff:           BackedOff,
	core.WentIdle:            Idle,
	core.WasClosed:           Closed,
}

var causes = [...]Cause{
	core.CauseCold:     CauseCold,
	core.CauseRefresh:  CauseRefresh,
	core.CauseExpired:  CauseExpired,
	core.CauseRejected: CauseRejected,
	core.CauseManual:   CauseManual,
	core.CauseRetry:    CauseRetry,
}

var classes = [...]Class{
	core.ClassOK:               ClassOK,
	core.ClassExpiredOnArrival: ClassExpiredOnArrival,
	core.ClassTransient:        ClassTransient,
	core.ClassPermanent:        ClassPermanent,
}

// tellEvents counts what happened in a step and passes it on.
func (o *owner) tellEvents(msg message, effects *core.Effects) {
	for _, e := range effects.Events[:effects.N] {
		event := Event{
			Kind:     kinds[e.Kind],
			Time:     o.core.Wall(),
			Token:    e.Token,
			Fetch:    e.Flight,
			Cause:    causes[e.Cause],
			Attempt:  e.Attempt,
			Duration: e.Duration,
			Class:    classes[e.Class],
			Until:    e.Until,
		}
		switch m := msg.(type) {
		case fetched:
			if e.Kind == core.FetchEnded {
				event.Err = m.err
			}
		case invalidate:
			if e.Kind == core.Rejected || e.Kind == core.RejectionSuppressed {
				event.Origin = m.rejecter
			}
		}
		if e.Kind == core.BackedOff && o.failure != nil {
			event.Err = o.failure.Err
		}
		if e.Kind == core.Published {
			event.RefreshTime = effects.Publication.RefreshTime
		}
		o.count(e)
		if !o.observer.add(event) {
			o.counts.dropped++
		}
	}
}

// counters is what Stats counts, without what it tells of the state.
type counters struct {
	fetches [len(causes)]uint64
	classes [len(classes)]uint64
	kinds   [len(kinds)]uint64
	dropped uint64
}

func (o *owner) count(e core.Event) {
	c := &o.counts
	c.kinds[e.Kind]++
	switch e.Kind {
	case core.FetchStarted:
		c.fetches[e.Cause]++
	case core.FetchEnded:
		c.classes[e.Class]++
	}
}

// snapshotStats is what Stats answers.
func (o *owner) snapshotStats() Stats {
	c, state := &o.counts, o.core.State()
	s := Stats{
		Closed: state.Closed, Idle: state.Idle, Fetching: state.Fetching, AbandonedNow: state.Abandoned,
		Waiting: len(o.waiting), LastError: o.lastErr, NextAttempt: state.NextAttempt,

		Fetches: c.kinds[core.FetchStarted], FetchesBy: make(map[Cause]uint64),
		Succeeded: c.classes[core.ClassOK], ExpiredOnArrival: c.classes[core.ClassExpiredOnArrival],
		Failed: c.classes[core.ClassTransient] + c.classes[core.ClassPermanent], Permanent: c.classes[core.ClassPermanent],
		Abandoned: c.kinds[core.FetchAbandoned], LateResults: c.kinds[core.LateResult],
		Published: c.kinds[core.Published], Rejected: c.kinds[core.Rejected], Suppressed: c.kinds[core.RejectionSuppressed],
		BackedOff: c.kinds[core.BackedOff], WentIdle: c.kinds[core.WentIdle],
		EventsDropped: c.dropped,
	}
	for cause, n := range c.fetches {
		if n > 0 {
			s.FetchesBy[causes[cause]] = n
		}
	}
	if p := o.current.Load(); p != nil {
		s.Ready = true
		s.Token = p.token.ID()
		s.Age = o.core.Wall().Sub(p.start)
		s.EffectiveExpiry, s.RefreshTime, s.Expiry = p.end, p.due, p.token.Expiry()
	}
	return s
}
