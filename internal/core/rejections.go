package core

import (
	"cmp"
	"slices"
)

// invalidate is a caller that saw an origin reject a token (M12, M13, M21).
func (s *step) invalidate(in Input) {
	if s.closed {
		s.Reply = Shut
		return
	}
	if !in.Current || !s.token.on || in.Origin != 0 && s.contest.has(in.Origin) {
		// The token is no longer in use, or no longer for this origin: the rejection is old news.
		s.guards.heard(in.Origin, s.elapsed)
		s.Reply = Done
		if in.Wait {
			s.get(in)
		}
		return
	}
	g := s.guards.edit(in.Origin, s.elapsed)
	g.last = s.elapsed
	if g.rejected(s.elapsed) {
		s.raise(g)
	}
	if until, ok := s.mayReplace(g, in.Path); !ok {
		s.Reply = Suppressed
		if until > 0 {
			s.Until = s.at(until)
		}
		s.event(Event{Kind: RejectionSuppressed, Token: s.token.id, Origin: g.origin, Until: s.Until})
		return
	}
	s.replace(g, in)
	s.Reply = Done
	if in.Wait {
		s.Reply = Wait
	}
}

// mayReplace reports whether a rejection of the current token may lead to a fetch, and if not, from when on one may (0
// if that is not bound to a time). A fetch that is on its way serves every rejection, unless its failure has been
// reported.
func (s *step) mayReplace(g *guard, path uint64) (until Elapsed, ok bool) {
	switch {
	case s.abandoned >= maxAbandoned && !s.flight.on:
		return 0, false
	case !g.on && s.contest.full() && !s.contest.has(g.origin):
		return 0, false
	case s.joins():
		return 0, true
	}
	if s.failingFast() {
		until = s.backoff.until
	}
	if g.on {
		until = max(until, g.entitled(path, s.token.arrived))
	}
	if s.elapsed < until {
		return max(until, s.guards.earliest()), false
	}
	return 0, true // and where it comes sooner than a second after the last one, it waits (M13)
}

// replacementFrom is when the fetch that a rejection is entitled to may start.
func (s *step) replacementFrom(g *guard) Elapsed {
	if s.policy.UnlimitedRejections {
		return longAgo
	}
	return g.earliest(s.elapsed, s.guards.earliest(), s.draw)
}

// joins reports whether a rejection is served by what goes on already (M12).
func (s *step) joins() bool {
	return s.round.on || s.flight.on && !s.flight.reported && !(s.flight.queued && s.failingFast())
}

// replace has the token replaced for an origin that is entitled to it. Behind a guard, that uses up the origin's
// allowance, and the token stays in use everywhere (M13). Otherwise the origin contests it (M21).
func (s *step) replace(g *guard, in Input) {
	if g.on && !s.joins() {
		g.spend(in.Path, s.elapsed)
	}
	if !g.on {
		s.contest.add(g.origin)
		s.Contested = true
	}
	if !g.on || !s.round.on {
		s.event(Event{Kind: Rejected, Token: s.token.id, Origin: g.origin})
	}
	g.awaited, g.awaitedPath = true, in.Path
	if s.backoff.kind == refreshing {
		s.liftBackoff()
	}
	if !s.round.on {
		s.startRound(CauseRejected, s.replacementFrom(g))
	}
}

// outcome is a report that an origin accepted or rejected a token (M13). An acceptance says nothing about an origin
// that has not rejected anything; a rejected first send says what Invalidate says as well.
func (s *step) outcome(in Input) {
	known := s.guards.find(in.Origin, s.elapsed)
	if s.closed || in.Accepted && !known.useful() || !in.Accepted && !in.Retry {
		return
	}
	current := in.Current && s.token.on
	g := s.guards.edit(in.Origin, s.elapsed)
	var certain bool
	if in.Accepted {
		certain, s.Replaced = g.accepted(in, current, s.elapsed-in.Age)
	} else {
		g.last = s.elapsed
		certain = g.retryRejected(in.Path, current, s.elapsed)
	}
	if certain {
		s.raise(g)
	}
	if g.on && in.Accepted {
		g.paths = g.paths.accepted(in.Path, in.Retry)
	}
}

// raise puts a guard on an origin. If its requests wait for a fetch already, that is the first of its allowance, and
// they wait no longer: a rejection under a guard contests nothing (M21).
func (s *step) raise(g *guard) {
	if s.policy.UnlimitedRejections {
		return
	}
	g.raise(s.elapsed)
	if s.N < maxEvents-maxEventsAfter { // any number of guards may go up at a publication
		s.event(Event{Kind: Guarded, Token: s.token.id, Origin: g.origin})
	}
	if s.contest.remove(g.origin) {
		s.Contested = true
		if s.joins() && !s.Publish {
			g.spend(0, s.elapsed)
		}
	}
}

// published passes a publication on to all origins.
func (s *step) published(same bool) {
	if len(s.guards.origins) == 0 {
		return
	}
	s.guards.origins = slices.Clone(s.guards.origins)
	// In the order of their names, so that equal states have equal events.
	slices.SortFunc(s.guards.origins, func(a, b guard) int { return cmp.Compare(a.origin, b.origin) })
	for i := range s.guards.origins {
		g := &s.guards.origins[i]
		if !g.forgotten(s.elapsed) && g.published(same, s.elapsed) {
			s.raise(g)
		}
	}
}
