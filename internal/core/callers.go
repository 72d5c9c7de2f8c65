package core

import "time"

// get is a caller that found no token it may use.
func (s *step) get(in Input) {
	s.Reply = s.serve(in)
	if s.Reply == Wait || s.Reply == WaitOrServe {
		s.round.unattended = false
	}
	s.round.orServe = s.round.orServe || s.Reply == WaitOrServe
	if (s.Reply == None || s.Reply == Wait) && s.token.on && s.contest.has(in.Origin) {
		// What it waits for is fetched for this origin too, although another one may have asked first (M13).
		g := s.guards.edit(in.Origin, s.elapsed)
		g.awaited, g.awaitedPath = true, in.Path
	}
	if s.Reply == None {
		s.startRound(s.retrying(s.missing()), s.earliest(in))
		s.Reply = Wait
	}
}

// serve is what a caller gets without a new round. None means that one is needed.
func (s *step) serve(in Input) Reply {
	contested := s.token.on && s.contest.covers(in.Origin)
	tooShort := s.token.on && s.endsWithin(in.MinLife)
	switch {
	case s.closed:
		return Shut
	case s.token.on && !contested && !tooShort:
		// A caller that is served is a reader: a token past its refresh time that no caller had read is refreshed now.
		s.read, s.token.idle = true, false
		return Serve
	case s.round.on && contested && (in.Origin == 0 || !s.contest.has(in.Origin)) && !tooShort:
		return WaitOrServe
	case s.round.on:
		return Wait
	case tooShort && s.token.life < in.MinLife:
		return TooShort
	case s.failingFast(), (contested || tooShort) && s.elapsed < s.backoff.until:
		return Failed
	case s.blocked():
		return Failed
	}
	return None
}

// endsWithin reports whether the token's effective expiry comes sooner than a caller wants (M20).
func (s *step) endsWithin(min time.Duration) bool { return min > 0 && s.token.end.Sub(s.wall) < min }

// missing is why a caller is not served.
func (s *step) missing() Cause {
	switch {
	case s.token.on && len(s.contest.origins) > 0:
		return CauseRejected
	case s.token.on:
		return CauseManual // for a caller that wants a longer life (M20)
	case s.tokens == 0:
		return CauseCold
	}
	return CauseExpired
}

// earliest is when a fetch for a caller may start. Behind a token that others still use, it may not become a loop: a
// contested token is fetched for as M13 says, and a longer life is asked for once a second.
func (s *step) earliest(in Input) Elapsed {
	switch {
	case !s.token.on:
		return s.elapsed
	case in.MinLife > 0:
		return s.token.arrived + restart
	case s.policy.UnlimitedRejections:
		return longAgo
	}
	return s.guards.earliest()
}

// blocked reports whether too many fetches run that were given up, so that none may start (M15).
func (s *step) blocked() bool {
	if s.flight.on || s.abandoned < maxAbandoned {
		return false
	}
	if s.Failure.Kind == NoFailure { // else it is that of a round which ended in this very step
		s.Failure = Failure{Kind: Blocked}
	}
	return true
}

// refresh is a caller that wants a fetch now, whatever stands in its way, except for one that already runs (M20) and
// for abandoned ones (M15).
func (s *step) refresh() {
	switch {
	case s.closed:
		s.Reply = Shut
		return
	case s.blocked():
		s.Reply = Failed
		return
	}
	s.liftBackoff()
	s.notBefore, s.manual = 0, true
	if s.round.on {
		s.round.next, s.round.unattended = s.elapsed, false
	} else {
		s.startRound(CauseManual, s.elapsed)
	}
	s.Reply = Wait
}
