// Package core is the manager's decisions and nothing else: what it knows, the time and one message in; what is to be done
// about it out. It has no goroutine, channel, clock, I/O or secret. The manager runs it against the world and the
// simulator against a world of its own, so what is proven of it there holds here.
//
// Two kinds of time occur. Tokens live by the wall clock, because their expiry is the endpoint's and must hold after the
// machine slept. All waiting is measured in time elapsed (an [Elapsed], from the core's first step), which never runs
// backwards, because no step of the wall clock may stretch a backoff.
package core

import "time"

// Elapsed is the time since a core's first step.
type Elapsed = time.Duration

// Core is the state. Its zero value is not ready; see [New]. It is a plain value: copying it forks it, and ==
// compares it, as long as it has met no more than two rejecters (see guards); [Core.Canonical] does so beyond that.
type Core struct {
	policy Policy

	started bool
	last    time.Time // the latest reading of the clock
	elapsed Elapsed

	token   token
	flight  flight
	round   round
	backoff backoff
	guards  guards

	abandoned    int     // fetches given up that have not returned
	notBefore    Elapsed // no fetch starts sooner, unless by hand (M5, M6)
	lastDuration time.Duration
	tokens       uint64 // how many there have been
	flights      uint64
	publications uint64
	closed       bool
}

// New returns a core without a token.
func New(p Policy) Core { return Core{policy: p} }

// turn is one step in the making: the state it changes, and what it will have decided.
type turn struct {
	*Core
	Effects
	wall time.Time // now, comparable with a token's times only by the wall
	draw float64
	read bool // somebody has read the current token since it was published
}

// Step takes one input. now is the clock's reading as it is (with its monotonic part, if it has one), draw a random number
// in [0, 1). Every deadline that has passed is handled before the input is (M17), and whatever may start afterwards is
// started, so that the order in which inputs happen to arrive cannot lose anything.
func (c *Core) Step(now time.Time, draw float64, in Input) Effects {
	t := &turn{Core: c, wall: now.Round(0), draw: draw, read: in.Read}
	t.advance(now, in)
	t.passDeadlines()
	switch in.Kind {
	case Get:
		t.get()
	case Invalidate:
		t.invalidate(in)
	case Refresh:
		t.refresh()
	case Fetched:
		t.fetched(in)
	case Expire:
		t.expire(in)
	case RefreshHint:
		t.token.dormant = false
	case Close:
		t.close()
	}
	t.settle()
	t.Wake, t.Armed = t.deadline()
	return t.Effects
}

// advance moves the elapsed time. A wall clock that was stepped back loses what passed unseen before the step, but a timer
// that fired is proof of the time it was set for.
func (t *turn) advance(now time.Time, in Input) {
	if !t.started {
		t.started = true
		t.last = now
	}
	if d := now.Sub(t.last); d > 0 {
		t.elapsed += d
	}
	t.last = now
	if in.Kind == Wake {
		t.elapsed = max(t.elapsed, in.At)
	}
}

func (t *turn) passDeadlines() {
	if t.token.on && !t.wall.Before(t.token.end) {
		t.lose()
	}
	if t.flight.on && t.elapsed >= t.flight.deadline {
		if t.flight.cancelled {
			t.abandon()
		} else {
			t.cancel()
		}
	}
	if t.round.on && t.elapsed >= t.round.deadline {
		t.failRound(TimedOut, false, 0)
	}
}

// settle starts what is wanted and allowed now. It looks at the state and not at what changed, so nothing that was wanted
// while it was not allowed is forgotten.
func (t *turn) settle() {
	switch {
	case t.closed:
		t.Ended = !t.flight.on
	case t.flight.on:
	case t.round.on:
		if t.abandoned >= maxAbandoned {
			t.failRound(Blocked, false, 0)
			if t.Reply == Wait {
				t.Reply = Failed
			}
		} else if t.elapsed >= t.round.next {
			t.launchRound()
		}
	case t.token.on && !t.token.dormant && t.refreshMayStart():
		if t.read {
			t.launch(t.retrying(CauseRefresh), 1)
		} else {
			t.token.dormant = true
			t.event(Event{Kind: WentIdle, Token: t.token.id})
		}
	}
}

func (t *turn) refreshMayStart() bool {
	due := t.elapsed >= t.token.dueAt || !t.wall.Before(t.token.due)
	return due && t.elapsed >= max(t.backoff.until, t.notBefore) && t.abandoned < maxAbandoned
}

// deadline is when the core has to be woken if nothing else happens. The token's usable end is not among them: it has a
// timer of its own, set at its publication (M2).
func (c *Core) deadline() (at Elapsed, ok bool) {
	sooner := func(d Elapsed) {
		if !ok || d < at {
			at, ok = d, true
		}
	}
	if c.flight.on {
		sooner(c.flight.deadline)
	}
	if c.round.on {
		sooner(c.round.deadline)
		if !c.flight.on {
			sooner(c.round.next)
		}
	}
	if c.backoff.until > c.elapsed {
		sooner(c.backoff.until) // so that its end does not hang on the reading of a clock that may be stepped back
	}
	if c.token.on && !c.token.dormant && !c.flight.on && !c.round.on && c.abandoned < maxAbandoned && !c.closed {
		sooner(max(c.token.dueAt, c.backoff.until, c.notBefore))
	}
	return at, ok
}

func (t *turn) close() {
	t.Reply = Shut
	if t.closed {
		return
	}
	t.closed = true
	t.Release = Shut
	t.round = round{}
	if t.token.on {
		t.withdraw()
	}
	if t.flight.on && !t.flight.cancelled {
		t.cancel()
	}
	t.event(Event{Kind: WasClosed})
}

// at converts a time elapsed to the wall clock, for people to read.
func (t *turn) at(e Elapsed) time.Time { return t.wall.Add(e - t.elapsed) }
