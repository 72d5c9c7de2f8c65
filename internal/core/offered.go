package core

import "time"

// A token may also come from elsewhere: from another process that shares it (D). The host has decided that it is newer
// than the one at hand; the core decides whether it can be used here. It is published like one that was fetched, so all
// that waits for a successor has it: callers, contests, guards.

// offered is a token from elsewhere. It is adopted if it can still be used and was not rejected here. What goes on for
// the sake of a token ends with it: the round, a fetch that waits for its admission, and the one in flight. That one's
// result is older than the token at hand, whatever it is, and is dropped.
func (s *step) offered(in Input) {
	same := in.Result.Same
	if s.closed || in.Rejected || same && (!s.token.on || len(s.contest.origins) > 0) {
		return
	}
	f := flight{cause: CauseShared, start: in.Start.Round(0)}
	if f.start.After(s.wall) {
		f.start = s.wall
	}
	f.began = s.elapsed - s.wall.Sub(f.start)
	life := s.lifetimeOf(f.start, in.Result)
	if !same {
		life.refresh = s.sharedRefresh(life, in.Result.RefreshIn)
	}
	if s.left(f, life) <= 0 {
		return
	}
	s.supersede()
	s.arrive(f, life, same)
}

// sharedRefresh is when a token from elsewhere is refreshed here: a little later than where it was fetched, so that
// most processes learn of its successor before they would ask for one.
func (s *step) sharedRefresh(l lifetime, in time.Duration) time.Time {
	usable := l.end.Sub(l.start)
	if in <= 0 {
		in = time.Duration(float64(usable) * s.policy.RefreshFraction)
	}
	spread := time.Duration(float64(usable) * sharedSpread * s.draw)
	return l.start.Add(max(min(min(in, usable)+spread, usable), usable/2))
}

// supersede ends a fetch whose result is not wanted any more.
func (s *step) supersede() {
	f := &s.flight
	switch {
	case !f.on:
	case f.queued:
		s.dequeue()
	default:
		f.stale, f.reported = true, true
		if !f.cancelled {
			s.cancel()
		}
	}
}

// staleEnded is the end of a fetch that was superseded. It is no failure, whatever it brought.
func (s *step) staleEnded(f flight) {
	s.Late = true
	s.event(Event{
		Kind: FetchEnded, Flight: f.id, Cause: f.cause, Attempt: f.attempt, Class: ClassStale, Duration: s.elapsed - f.began,
	})
}

// sharedSpread is the part of a token's effective lifetime over which the processes that adopted it spread its refresh.
const sharedSpread = 0.02
