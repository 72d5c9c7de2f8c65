package core

import "time"

// token is the one token there is, or was: when it is not on, only its number still counts, for a value that comes
// again.
type token struct {
	on bool
	// id numbers the tokens by value: a value that comes again keeps it (M5).
	id uint64
	// publication numbers what was published, so that the timer of an older publication proves nothing (M2).
	publication uint64
	// refreshTime is when its successor is fetched if it is in use, and end its effective expiry, on the wall clock.
	refreshTime, end time.Time
	// refreshAt is the same moment as refreshTime in time elapsed. The two differ once the wall clock was stepped.
	refreshAt Elapsed
	// life is how long it was to be handed out, from the start of its fetch (M20).
	life time.Duration
	// arrived is when it was published. A guarded origin waits from then on (M13).
	arrived Elapsed
	// idle says that its refresh time passed before any caller had read it (M16).
	idle bool
	// repeated says that the endpoint returned the value for the second time (M5).
	repeated bool
}

// lifetime is what becomes of the lifetime that an endpoint states: four moments on the wall clock.
type lifetime struct {
	start, refresh, end, expiry time.Time
}

// lifetimeOf computes a token's times. A value that came again is kept until its very expiry, because its successor is
// available only then, and asked for from the effective expiry on (M5).
func (s *step) lifetimeOf(start time.Time, r Result) lifetime {
	expiry := r.Expiry.Round(0)
	if r.Expiry.IsZero() {
		expiry = start.Add(s.policy.DefaultLifetime) // M7
	}
	if latest := start.Add(maxLifetime); expiry.After(latest) {
		expiry = latest
	}
	life := expiry.Sub(start)
	usable := life - s.margin(life)
	l := lifetime{start: start, end: start.Add(usable), expiry: expiry}
	if r.Same {
		// Not in the last second either: a fetch there would hold up the one that the expiry calls for.
		l.refresh, l.end = start.Add(min(usable, life-restart)), expiry
		return l
	}
	l.refresh = start.Add(s.refreshAfter(usable, r.RefreshIn))
	return l
}

// margin is how long before its expiry a token is no longer handed out (M2).
func (s *step) margin(life time.Duration) time.Duration {
	if s.policy.Margin > 0 {
		return min(s.policy.Margin, life/2)
	}
	return min(maxMargin, life/marginPart)
}

// refreshAfter is how much of the effective lifetime passes before a refresh (M4).
func (s *step) refreshAfter(usable, refreshIn time.Duration) time.Duration {
	at := time.Duration(float64(usable) * s.policy.RefreshFraction)
	if refreshIn > 0 {
		at = min(refreshIn, usable)
	}
	jitter := time.Duration(float64(usable) * s.policy.Jitter)
	latest := usable - refreshesPerFetch*s.lastDuration
	if !s.queued {
		at += time.Duration(float64(jitter) * (2*s.draw - 1))
		return max(min(at, latest), usable/2)
	}
	// Where the last moment cuts the jitter short, what is left of it is drawn from evenly, so that many tokens which
	// were fetched together are not refreshed together, at that very moment (E4).
	first, last := min(at-jitter, latest), min(at+jitter, latest)
	return max(first+time.Duration(float64(last-first)*s.draw), usable/2)
}

// left is how much of a lifetime is left, by the wall clock or by the time elapsed, whichever is less: the wall clock
// may have been stepped back since the fetch began.
func (s *step) left(f flight, l lifetime) time.Duration {
	return min(l.end.Sub(s.wall), l.end.Sub(l.start)-(s.elapsed-f.began))
}

// publish hands the token out from now on. A new value ends a contest, whatever it was fetched for (M21).
func (s *step) publish(f flight, l lifetime, same bool) {
	id, lost := s.token.id, !s.token.on
	if !same {
		id = s.nextToken()
		s.endContest()
	}
	s.publications++
	s.token = token{
		on:          true,
		id:          id,
		publication: s.publications,
		refreshTime: l.refresh,
		end:         l.end,
		refreshAt:   f.began + l.refresh.Sub(l.start),
		life:        l.end.Sub(l.start),
		arrived:     s.elapsed,
		repeated:    same,
	}
	s.Publish = true
	s.notifyToken(lost || !same)
	s.published(same)
	s.Publication = Publication{
		Number: s.publications, Token: id,
		Start: l.start, RefreshTime: l.refresh, EffectiveExpiry: l.end, Expiry: l.expiry, Life: s.left(f, l),
	}
	published := Event{Kind: Published, Token: id, Until: l.end}
	if f.cause == CauseShared {
		published.Cause = CauseShared
	}
	s.event(published)
}

// nextToken numbers a value that is new.
func (s *step) nextToken() uint64 {
	s.tokens++
	return s.tokens
}

// invalidateCurrent takes the token back at its effective expiry. A refresh that is in flight becomes the round of the
// callers that will wait, and the backoff of a refresh is lifted, so that the first of them gets a round (M9). So is
// that of a contest, where most callers have not met the failure: except for a hold and for a permanent failure (M21).
func (s *step) invalidateCurrent() {
	contested := len(s.contest.origins) > 0
	s.withdraw()
	if b := &s.backoff; b.kind == refreshing || b.kind == refused || b.kind == waiting && contested && !b.hold {
		s.liftBackoff()
	}
	if s.flight.running() && !s.flight.reported && !s.round.on {
		s.startRound(s.flight.cause, s.elapsed)
	}
}

// withdraw ends the token's being handed out, and with it a contest.
func (s *step) withdraw() {
	s.token.on = false
	s.Withdraw = true
	s.endContest()
	s.event(Event{Kind: Withdrawn, Token: s.token.id})
}

// expire is the timer that was set at a publication (M2).
func (s *step) expire(in Input) {
	if s.token.on && s.token.publication == in.Publication {
		s.invalidateCurrent()
	}
}
