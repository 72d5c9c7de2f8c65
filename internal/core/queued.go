package core

import "time"

// Where clients share an endpoint, a fetch that the core wants waits for its admission (E1): it is in flight for the
// core, and for nothing else. No time of an attempt or of a round runs meanwhile, because waiting for others is no
// evidence of trouble. The endpoint may also refuse to let callers wait (E2); then the round that is on fails at once,
// and the fetch keeps its place.

// NewQueued returns a core without a token whose fetches wait for [Admitted].
func NewQueued(p Policy) Core { return Core{policy: p, queued: true} }

// enqueue asks for the admission of a fetch.
func (s *step) enqueue(cause Cause, attempt int) {
	s.flight = flight{on: true, queued: true, urgent: s.round.on, id: s.flights, cause: cause, attempt: attempt, began: s.elapsed}
	s.Enqueue, s.Effects.Flight = true, s.flights
	s.Urgent, s.Manual, s.New = s.round.on, s.manual || cause == CauseManual, s.tokens == 0
}

// settleQueued is for a fetch that waits: callers that wait now make it urgent, and one that no caller wants any more
// is withdrawn.
func (s *step) settleQueued() {
	f := &s.flight
	switch {
	case !f.queued || s.Enqueue:
	case s.round.on && !f.urgent || s.manual:
		f.urgent, f.refused = true, false
		s.Promote, s.Effects.Flight, s.Urgent, s.Manual = true, f.id, true, s.manual
	case !s.token.on && !s.round.on && !f.refused:
		s.dequeue() // it was to refresh a token that is gone, and no caller has asked for another one
	}
}

// dequeue withdraws a fetch that waits.
func (s *step) dequeue() {
	s.Unqueue, s.Effects.Flight = true, s.flight.id
	s.flight = flight{}
}

// admitted starts a fetch that has waited. Only now do its times begin: those of a first attempt whole, and those of a
// further one where they stood when it began to wait.
func (s *step) admitted(in Input) {
	f := s.flight
	if !f.queued || in.Flight != f.id {
		s.Decline = true
		return
	}
	if s.backoff.kind == refused {
		s.liftBackoff()
	}
	if !s.token.on && !s.round.on {
		s.startRound(f.cause, s.elapsed) // as a refresh that is in flight when its token is lost becomes a round (M9)
	}
	r := &s.round
	switch {
	case r.on && r.attempts <= 1:
		r.deadline = s.elapsed + s.policy.RoundTimeout
	case r.on:
		r.deadline += s.elapsed - f.began
	}
	s.begin(f.id, f.cause, f.attempt)
	if r.on {
		s.flight.deadline = min(s.flight.deadline, r.deadline)
	}
}

// refuse fails callers that wait for a fetch that waits, because of what others have met (E2). It is not this token's
// failure, so the backoffs of its own do not grow. With For zero it ends such a refusal.
func (s *step) refuse(in Input) {
	f := &s.flight
	if !f.queued || in.Flight != f.id {
		return
	}
	if in.Suppress {
		if s.token.on {
			s.suppressed(in.For)
		}
		return
	}
	if in.For <= 0 {
		if s.backoff.kind == refused {
			s.liftBackoff()
		}
		return
	}
	if !s.round.on {
		return // behind a usable token, it simply goes on waiting
	}
	made := max(s.round.attempts-1, 0)
	f.urgent, f.refused, f.attempt, f.cause = false, true, 1, s.retrying(f.cause)
	s.endRound()
	s.backoff.kind, s.backoff.until, s.backoff.hold = refused, s.elapsed+min(in.For, maxRetryAfter), false
	s.recheck.end()
	s.event(Event{Kind: BackedOff, Until: s.at(s.backoff.until)})
	s.fail(Refused, made, false)
	s.notifyFailure()
}

// suppressed ends what a rejection has begun: the token stays in use everywhere, and the origins that contested it are
// guarded from now on, as if it had been found here (M13).
func (s *step) suppressed(d time.Duration) {
	origins := s.contest.origins
	s.dequeue()
	if s.round.on {
		s.round = round{}
		s.Release, s.Until = Suppressed, s.at(s.elapsed+d)
	}
	s.endContest()
	for _, origin := range origins {
		if g := s.guards.edit(origin, s.elapsed); !g.on {
			s.raise(g)
		}
	}
}
