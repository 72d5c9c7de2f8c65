// Package core is the manager's decisions and nothing else: what it knows, the time and one message in; what is to be
// done about it out. It has no goroutine, channel, clock, I/O or secret. The manager runs it against the world and the
// simulator against a world of its own, so what is confirmed of it there holds here.
//
// Two kinds of time occur. Tokens live by the wall clock, because their expiry is the endpoint's and must hold after
// the machine slept. All waiting is measured in time elapsed (an [Elapsed], from the core's first step), which never
// runs backwards, because no step of the wall clock may stretch a backoff.
//
// Where to look:
//
//	callers.go      what a caller without a usable token gets (M9, M20)
//	rejections.go   what a 401 leads to (M12), and what the outcomes of requests prove (M13)
//	guards.go       an origin that rejects good tokens, and how many fetches it may still cause (M13)
//	contest.go      a token that is withdrawn from some origins only (M21)
//	flight.go       the one fetch (M3, M15) and what it brought (M5, M6)
//	queued.go       a fetch that waits for its admission by a shared endpoint (E1, E2)
//	offered.go      a token from elsewhere (D)
//	round.go        the attempts made before waiting callers receive an error (M9)
//	backoff.go      the pause after failures (M8, M9, M10), credentials.go what ends it early (F4)
//	token.go        a token's times (M2, M4, M5, M7)
//	watch.go        a token that has watchers (W1, W2, W3)
//	canonical.go    which states behave alike, for the explorer
//	pack.go         a core in few bytes, while nothing goes on about it (P5)
package core

import "time"

// Elapsed is the time since a core's first step.
type Elapsed = time.Duration

// Core is the state. Its zero value is not ready; see [New]. It is a plain value: copying it forks it, because what it
// points to is replaced and never modified.
type Core struct {
	// policy is what the core was made with. It never changes.
	policy Policy
	// queued says that fetches wait for their admission by an endpoint (E1). It never changes.
	queued bool

	// started says that a step was taken, so that last is set. The zero time is a time like any other.
	started bool
	// last is the latest reading of the clock, with its monotonic part if it has one.
	last time.Time
	// elapsed is the time since the first step. It never decreases, whatever the clock reads (M2, M17).
	elapsed Elapsed

	// token is the one token there is, or was.
	token token
	// flight is the one fetch that may be running (M3).
	flight flight
	// round is on exactly while callers may be waiting (M9).
	round round
	// backoff is the pause after failed fetches (M8, M9, M10).
	backoff backoff
	// recheck looks, during a backoff, for credentials that were corrected (F4).
	recheck recheck
	// guards remembers which origins rejected tokens that were not to blame (M13).
	guards guards
	// contest says from which origins the token is withdrawn (M21).
	contest contest

	// abandoned counts the fetches that were given up and have not returned. With three of them none starts (M15).
	abandoned int
	// notBefore is the earliest start of a fetch that no caller demanded by Refresh. It keeps lifetimes of a second or
	// less from becoming a loop (M5, M6).
	notBefore Elapsed
	// repeated says that the endpoint returned the last value again when that had expired, and was asked once more
	// sooner than M6 says. The next time it has to be waited for.
	repeated bool
	// lastDuration is how long the last fetch took. The refresh time leaves twice that (M4).
	lastDuration time.Duration
	// tokens, flights and publications number what there has been of each, from 1.
	tokens, flights, publications uint64
	// outageNotified says that watchers know that no token is available. It is false while one is, and while no one
	// watches (W3).
	outageNotified bool
	// closed says that Close was called: nothing starts any more (M14).
	closed bool
}

// New returns a core without a token.
func New(p Policy) Core { return Core{policy: p} }

// step is one step in the making: the state that it changes, and what it has decided so far.
type step struct {
	*Core
	Effects
	// wall is now, without a monotonic part, to be compared with a token's times.
	wall time.Time
	// draw is a random number in [0, 1).
	draw float64
	// manual says that a caller demands a fetch in this step (M20).
	manual bool
	// read says that a caller has read the current token since it was published, or that it is watched (M16, W2).
	read bool
	// watched says that the token has watchers.
	watched bool
}

// Step takes one input. now is the clock's reading as it is (with its monotonic part, if it has one), draw a random
// number in [0, 1). Every deadline that has passed is handled before the input is (M17), and whatever may start
// afterwards is started, so that the order in which inputs happen to arrive cannot lose anything.
func (c *Core) Step(now time.Time, draw float64, in Input) Effects {
	s := &step{Core: c, wall: now.Round(0), draw: draw, read: in.Read || in.Watched, watched: in.Watched}
	s.advance(now, in)
	if in.Watched {
		s.token.idle = false
	} else {
		s.outageNotified = false
	}
	s.passDeadlines()
	switch in.Kind {
	case Get:
		s.get(in)
	case Invalidate:
		s.invalidate(in)
	case ReportOutcome:
		s.outcome(in)
	case Refresh:
		s.refresh()
	case Fetched:
		s.fetched(in)
	case Admitted:
		s.admitted(in)
	case Refuse:
		s.refuse(in)
	case Expire:
		s.expire(in)
	case RefreshHint:
		s.token.idle = false
	case CredentialsChecked:
		s.credentialsChecked(in)
	case Watch:
		s.watch()
	case Offered:
		s.offered(in)
	case Close:
		s.close()
	}
	s.settle()
	s.Wake, s.Armed = s.deadline()
	return s.Effects
}

// advance moves the elapsed time. A wall clock that was stepped back loses what passed unseen before the step, but a
// timer that fired is proof of the time it was set for.
func (s *step) advance(now time.Time, in Input) {
	if !s.started {
		s.started = true
		s.last = now
	}
	if d := now.Sub(s.last); d > 0 {
		s.elapsed += d
	}
	s.last = now
	if in.Kind == Wake {
		s.elapsed = max(s.elapsed, in.At)
	}
}

// passDeadlines handles what has become due, whatever the message at hand is about (M17).
func (s *step) passDeadlines() {
	if s.token.on && !s.wall.Before(s.token.end) {
		s.invalidateCurrent()
	}
	if s.flight.running() && s.elapsed >= s.flight.deadline {
		if s.flight.cancelled {
			s.abandon()
		} else {
			s.cancel()
		}
	}
	if s.round.on && !s.flight.queued && s.elapsed >= s.round.deadline {
		s.failRound(TimedOut, Result{})
	}
}

// settle starts what is wanted and allowed now. It looks at the state and not at what changed, so nothing that was
// wanted while it was not allowed is forgotten.
func (s *step) settle() {
	s.settleRecheck()
	s.settleWatched()
	switch {
	case s.closed:
		s.Ended = !s.flight.on
	case s.flight.on:
		s.settleQueued() // one fetch at a time (M3)
	case s.round.on:
		if s.abandoned >= maxAbandoned {
			s.failRound(Blocked, Result{})
			if s.Reply == Wait || s.Reply == WaitOrServe {
				s.Reply = s.ReleaseOf(s.Reply, s.token.on)
			}
		} else if s.elapsed >= s.round.next {
			s.launchRound()
		}
	case s.token.on && !s.token.idle && s.refreshMayStart():
		if s.read {
			s.launch(s.retrying(CauseRefresh), 1)
		} else {
			s.token.idle = true
			s.event(Event{Kind: WentIdle, Token: s.token.id})
		}
	}
}

// refreshMayStart reports whether the refresh time has passed and nothing else is in the way (M4, M8).
func (s *step) refreshMayStart() bool {
	passed := s.elapsed >= s.token.refreshAt || !s.wall.Before(s.token.refreshTime)
	return passed && s.elapsed >= max(s.backoff.until, s.notBefore) && s.abandoned < maxAbandoned
}

// deadline is when the core has to be woken if nothing else happens. The token's effective expiry is not among them: it
// has a timer of its own, set at its publication (M2).
func (s *step) deadline() (at Elapsed, ok bool) {
	c := s.Core
	sooner := func(d Elapsed) {
		if !ok || d < at {
			at, ok = d, true
		}
	}
	if c.flight.running() {
		sooner(c.flight.deadline)
	}
	if c.round.on && !c.flight.queued {
		sooner(c.round.deadline)
		if !c.flight.on {
			sooner(c.round.next)
		}
	}
	if c.backoff.until > c.elapsed {
		sooner(c.backoff.until) // so that its end does not depend on a clock that may be stepped back
		if c.recheck.on && !c.recheck.running && !c.closed {
			sooner(c.recheck.next)
		}
	}
	if c.token.on && !c.token.idle && !c.flight.on && !c.round.on && c.abandoned < maxAbandoned && !c.closed {
		sooner(max(c.token.refreshAt, c.backoff.until, c.notBefore))
	}
	if c.token.on && s.watched {
		sooner(c.elapsed + watchEvery)
	}
	return at, ok
}

// close ends everything, and waits for nothing but the fetch in flight (M14).
func (s *step) close() {
	s.Reply = Shut
	if s.closed {
		return
	}
	s.closed = true
	s.Release, s.Notify = Shut, Shut
	s.round = round{}
	if s.token.on {
		s.withdraw()
	}
	switch {
	case s.flight.queued:
		s.dequeue()
	case s.flight.on && !s.flight.cancelled:
		s.cancel()
	}
	s.event(Event{Kind: WasClosed})
}

// at converts a time elapsed to the wall clock, for people to read.
func (s *step) at(e Elapsed) time.Time { return s.wall.Add(e - s.elapsed) }
