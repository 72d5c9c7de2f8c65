package core

import "time"

// flight is the one fetch that may be running (M3).
type flight struct {
	on bool
	// queued says that it waits for its admission (E1). urgent says that the endpoint knows of callers that wait, and
	// refused that it let them know not to. began is when it was queued, then.
	queued, urgent, refused bool
	// cancelled says that its context was cancelled. It stays in flight until it returns, or is given up (M15).
	cancelled bool
	// reported says that its round is over and the failure reported: should it fail too, there is no second backoff.
	reported bool
	// stale says that a token came from elsewhere meanwhile, so that its result is not wanted (D). Its round is over.
	stale bool
	// cause and attempt are what it was made for.
	cause   Cause
	attempt int
	// id numbers the fetches, so that a late result is not taken for that of a later one.
	id uint64
	// start and began are when it was started, on the wall clock and in time elapsed. A lifetime counts from then (M4).
	start time.Time
	began Elapsed
	// deadline is when it is cancelled or, once cancelled, given up (M9, M15).
	deadline Elapsed
}

// running reports whether there is one whose times run.
func (f *flight) running() bool { return f.on && !f.queued }

// launch starts a fetch, or asks for its admission where an endpoint is shared.
func (s *step) launch(cause Cause, attempt int) {
	s.flights++
	if s.queued {
		s.enqueue(cause, attempt)
		return
	}
	s.begin(s.flights, cause, attempt)
}

// begin starts a fetch.
func (s *step) begin(id uint64, cause Cause, attempt int) {
	s.flight = flight{
		on:       true,
		id:       id,
		cause:    cause,
		attempt:  attempt,
		start:    s.wall,
		began:    s.elapsed,
		deadline: s.elapsed + s.policy.AttemptTimeout,
	}
	if s.token.on && s.token.repeated {
		s.notBefore = s.elapsed + restart // M5
	}
	if cause == CauseRejected {
		s.guards.lastFetch, s.guards.fetched = s.elapsed, true
	}
	s.Fetch, s.Effects.Flight = true, id
	s.event(Event{Kind: FetchStarted, Flight: id, Cause: cause, Attempt: attempt})
}

// cancel ends a fetch's time. It stays in flight until it returns, since there may be only one (M3).
func (s *step) cancel() {
	s.flight.cancelled = true
	s.flight.deadline = s.elapsed + giveUp
	s.Cancel = true
}

// abandon gives up on a fetch that ignored its cancellation (M15).
func (s *step) abandon() {
	f := s.flight
	s.event(Event{Kind: FetchAbandoned, Flight: f.id, Cause: f.cause, Duration: s.elapsed - f.began})
	s.flight = flight{}
	s.Freed = true
	s.abandoned++
	if !f.stale {
		s.attemptFailed(f, GaveUp, Result{})
	}
}

// fetched is a fetch that ended.
func (s *step) fetched(in Input) {
	if !s.flight.running() || in.Flight != s.flight.id {
		s.abandoned--
		s.Late = true
		s.event(Event{Kind: LateResult, Flight: in.Flight})
		return
	}
	f := s.flight
	s.flight = flight{}
	s.Freed = true
	if f.stale {
		s.staleEnded(f)
		return
	}
	s.lastDuration = s.elapsed - f.began
	ended := Event{Kind: FetchEnded, Flight: f.id, Cause: f.cause, Attempt: f.attempt, Duration: s.lastDuration}
	if !in.Result.OK {
		ended.Class = ClassTransient
		if in.Result.Permanent {
			ended.Class = ClassPermanent
		}
		s.event(ended)
		s.attemptFailed(f, Returned, in.Result)
		return
	}
	life := s.lifetimeOf(f.start, in.Result)
	ended.Class = ClassOK
	if s.left(f, life) <= 0 {
		ended.Class = ClassExpiredOnArrival
	}
	s.event(ended)
	switch {
	case s.closed:
	case ended.Class == ClassExpiredOnArrival:
		s.arriveExpired(f, life, in.Result.Same)
	default:
		s.arrive(f, life, in.Result.Same)
	}
}

// arrive publishes a token and serves the callers that waited.
func (s *step) arrive(f flight, life lifetime, same bool) {
	s.endBackoff()
	s.notBefore = 0
	if same || life.expiry.Sub(life.start) < restart {
		s.notBefore = f.began + restart
	}
	s.repeated = false
	s.publish(f, life, same)
	if same {
		s.failContest() // its first round is over, and the contested value does not end it (M21)
	}
	s.read = s.round.on || s.watched
	if s.round.on {
		s.round = round{}
		s.Release = Serve
	}
}

// arriveExpired is a token that is unusable when it arrives: the callers that waited get it, and no later one (M6).
// Behind a token that is still usable it is a refresh that failed.
func (s *step) arriveExpired(f flight, life lifetime, same bool) {
	if same && s.token.on {
		s.withdraw() // what is published is that very value, and the endpoint says that it has expired
	}
	if same && s.repeatAtOnce() {
		return
	}
	s.notBefore = f.began + restart
	s.Publication = Publication{
		Token: s.token.id,
		Start: life.start, RefreshTime: life.refresh, EffectiveExpiry: life.end, Expiry: life.expiry,
	}
	if !same {
		s.Publication.Token = s.nextToken()
		s.repeated = false
	}
	if s.round.on {
		s.round = round{}
		s.Release = ServeExpired
		s.failContest()
	}
	switch {
	case !s.token.on && !s.watched:
		s.endBackoff()
	case !s.token.on && f.reported:
		s.freeCallers()
	case !s.token.on || !f.reported:
		// Watchers would have such tokens fetched once a second without end. Callers are not bound by this (W2).
		s.backOff(refreshing, Result{})
		s.fail(ExpiredOnArrival, 1, false)
		s.notifyFailure()
	}
}

// repeatAtOnce reports whether the endpoint is asked again soon, without the second of M6: the first time that it
// returns an expired value once more. Some servers do that at the end of every token, and issue a new one at the next
// request. Callers that wait go on waiting.
func (s *step) repeatAtOnce() bool {
	again := s.elapsed + s.betweenAttempts()
	if s.repeated || s.round.on && again >= s.round.deadline {
		return false
	}
	s.repeated = true
	s.endBackoff()
	s.notBefore = again
	if s.round.on {
		s.round.next = again
		s.round.attempts-- // it is the same attempt, made again
	}
	return true
}
