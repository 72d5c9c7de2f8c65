package core

import "time"

// flight is the one fetch that may be running (M3).
type flight struct {
	on        bool
	cancelled bool
	told      bool // its round is over, and its failure told: whatever it brings, there is no second backoff for it
	cause     Cause
	attempt   int
	id        uint64
	start     time.Time // by the wall
	began     Elapsed
	deadline  Elapsed // to cancel it, or, once cancelled, to give it up
}

func (t *turn) launch(cause Cause, attempt int) {
	t.flights++
	t.flight = flight{
		on:       true,
		id:       t.flights,
		cause:    cause,
		attempt:  attempt,
		start:    t.wall,
		began:    t.elapsed,
		deadline: t.elapsed + t.policy.AttemptTimeout,
	}
	if t.token.on && t.token.repeated {
		t.notBefore = t.elapsed + restart
	}
	if cause == CauseRejected {
		t.guards.lastFetch, t.guards.fetched = t.elapsed, true
	}
	t.Fetch, t.Effects.Flight = true, t.flights
	t.event(Event{Kind: FetchStarted, Flight: t.flights, Cause: cause, Attempt: attempt})
}

// cancel ends a fetch's time. It stays in flight until it returns, since there may be only one.
func (t *turn) cancel() {
	t.flight.cancelled = true
	t.flight.deadline = t.elapsed + giveUp
	t.Cancel = true
}

// abandon gives up on a fetch that ignored its cancellation (M15).
func (t *turn) abandon() {
	f := t.flight
	t.event(Event{Kind: FetchAbandoned, Flight: f.id, Cause: f.cause, Duration: t.elapsed - f.began})
	t.flight = flight{}
	t.abandoned++
	t.attemptFailed(f, GaveUp, Result{})
}

func (t *turn) fetched(in Input) {
	if !t.flight.on || in.Flight != t.flight.id {
		t.abandoned--
		t.Late = true
		t.event(Event{Kind: LateResult, Flight: in.Flight})
		return
	}
	f := t.flight
	t.flight = flight{}
	t.lastDuration = t.elapsed - f.began
	ended := Event{Kind: FetchEnded, Flight: f.id, Cause: f.cause, Attempt: f.attempt, Duration: t.lastDuration}
	if !in.Result.OK {
		ended.Class = ClassTransient
		if in.Result.Permanent {
			ended.Class = ClassPermanent
		}
		t.event(ended)
		t.attemptFailed(f, Returned, in.Result)
		return
	}
	life := t.lifetimeOf(f.start, in.Result)
	ended.Class = ClassOK
	if t.left(f, life) <= 0 {
		ended.Class = ClassExpiredOnArrival
	}
	t.event(ended)
	if t.closed {
		return
	}
	if ended.Class == ClassExpiredOnArrival {
		t.arriveDead(f, life, in.Result.Same)
		return
	}
	t.arrive(f, life, in.Result.Same)
}

// arrive publishes a token and serves those who waited.
func (t *turn) arrive(f flight, life lifetime, same bool) {
	t.backoff = backoff{}
	t.notBefore = 0
	if same || life.expiry.Sub(life.start) < restart {
		t.notBefore = f.began + restart
	}
	t.publish(f, life, same)
	if t.guards.arrived(t, same) {
		t.token.forGuard = true
	}
	t.read = t.round.on
	if t.round.on {
		t.round = round{}
		t.Release = Serve
	}
}

// arriveDead serves those who waited, and nobody after (M6). Behind a token that is still usable it is a refresh that
// failed.
func (t *turn) arriveDead(f flight, life lifetime, same bool) {
	t.notBefore = f.began + restart
	t.guards.arrived(t, same)
	t.Publication = Publication{Token: t.token.id, Start: life.start, RefreshTime: life.due, EffectiveExpiry: life.end, Expiry: life.expiry}
	if !same {
		t.Publication.Token = t.nextToken()
	} else if t.token.on {
		t.withdraw()
	}
	if t.round.on {
		t.round = round{}
		t.Release = ServeExpired
	}
	switch {
	case !t.token.on:
		t.backoff = backoff{}
	case !f.told:
		t.backOff(refreshing, false, 0)
		t.fail(ExpiredOnArrival, 1, false)
	}
}
