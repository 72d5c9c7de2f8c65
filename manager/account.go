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
	core.WentDormant:         Dormant,
	core.WasClosed:           Closed,
}

var causes = [...]Cause{
	core.Cold:      CauseCold,
	core.Due:       CauseDue,
	core.Expired:   CauseExpired,
	core.Rejection: CauseRejected,
	core.Manual:    CauseManual,
	core.Retry:     CauseRetry,
}

var classes = [...]Class{
	core.ClassOK:        ClassOK,
	core.ClassDead:      ClassDead,
	core.ClassTransient: ClassTransient,
	core.ClassPermanent: ClassPermanent,
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
				event.Rejecter = m.rejecter
			}
		}
		if e.Kind == core.BackedOff && o.failure != nil {
			event.Err = o.failure.Err
		}
		if e.Kind == core.Published {
			event.Due = effects.Publication.Due
		}
		o.count(event)
		if !o.observer.add(event) {
			o.counts.EventsDropped++
		}
	}
}

func (o *owner) count(e Event) {
	c := &o.counts
	switch e.Kind {
	case FetchStarted:
		c.Fetches++
		if c.FetchesBy == nil {
			c.FetchesBy = make(map[Cause]uint64)
		}
		c.FetchesBy[e.Cause]++
	case FetchEnded:
		switch e.Class {
		case ClassOK:
			c.Succeeded++
		case ClassDead:
			c.DeadOnArrival++
		case ClassPermanent:
			c.Failed++
			c.Permanent++
		case ClassTransient:
			c.Failed++
		}
	case FetchAbandoned:
		c.Abandoned++
	case LateResult:
		c.LateResults++
	case Published:
		c.Published++
	case Rejected:
		c.Rejected++
	case Suppressed:
		c.Suppressed++
	case BackedOff:
		c.BackedOff++
	case Dormant:
		c.WentDormant++
	}
}

// snapshotStats is what Stats answers.
func (o *owner) snapshotStats() Stats {
	s := o.counts
	s.FetchesBy = make(map[Cause]uint64, len(o.counts.FetchesBy))
	for cause, n := range o.counts.FetchesBy {
		s.FetchesBy[cause] = n
	}
	state := o.core.State()
	s.Closed, s.Dormant, s.Fetching, s.AbandonedNow = state.Closed, state.Dormant, state.Fetching, state.Abandoned
	s.Waiting = len(o.waiting)
	s.LastError = o.lastErr
	s.NextAttempt = state.NextAttempt
	if p := o.current.Load(); p != nil {
		s.Ready = true
		s.Token = p.token.ID()
		s.Age = o.core.Wall().Sub(p.start)
		s.UsableEnd, s.Due, s.Expiry = p.end, p.due, p.token.Expiry()
	}
	return s
}
