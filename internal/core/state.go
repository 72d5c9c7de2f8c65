package core

import "time"

// State is what can be reported of a core.
type State struct {
	Closed, Idle, Fetching bool
	// Queued says that a fetch waits for its admission (E1).
	Queued bool
	// Abandoned is how many fetches were given up and have not returned.
	Abandoned int
	// NextAttempt is zero unless fetches have failed.
	NextAttempt time.Time
}

// State reports how things stand after the last step.
func (c *Core) State() State {
	s := State{
		Closed:    c.closed,
		Idle:      c.token.on && c.token.idle,
		Fetching:  c.flight.running(),
		Queued:    c.flight.queued,
		Abandoned: c.abandoned,
	}
	if c.BackingOff() {
		s.NextAttempt = c.Wall().Add(c.Backoff())
	}
	return s
}

// Wall is the time of the last step, on the wall clock.
func (c *Core) Wall() time.Time { return c.last.Round(0) }

// Policy is what the core was made with.
func (c *Core) Policy() Policy { return c.policy }

// Left is how long after the last step a deadline comes.
func (c *Core) Left(at Elapsed) time.Duration { return at - c.elapsed }

// Contests reports whether a request to an origin (0: the caller named none) may not use the published token, and has
// to ask the core (M21).
func (c *Core) Contests(origin uint64) bool { return c.contest.covers(origin) }

// Contesting returns the origins that contest the published token, in ascending order; 0 among them if a caller that
// named none rejected it. It is not modified later.
func (c *Core) Contesting() []uint64 { return c.contest.origins }

// Publications is how many there were, which is the number of the latest.
func (c *Core) Publications() uint64 { return c.publications }

// Observes reports whether the outcomes of first sends are wanted, because a guard or a suspicion exists somewhere
// (M13). The outcomes of retries always are.
func (c *Core) Observes() bool { return !c.closed && c.guards.observing(c.elapsed) }

// Guarded reports whether an origin is guarded (M13), and whether the path that its next token is for is a good one: it
// has accepted a token since the guard went up, and its last retry was not rejected.
func (c *Core) Guarded(origin uint64) (on, good bool) {
	g := c.guards.find(origin, c.elapsed)
	if g == nil || !g.on {
		return false, false
	}
	return true, g.paths.good(g.awaitedPath)
}

// Elapsed is the time since the first step.
func (c *Core) Elapsed() Elapsed { return c.elapsed }

// Retrying reports whether the round goes on after the fetch that has just ended: its next attempt comes soon.
func (c *Core) Retrying() bool { return c.round.on && !c.flight.on }

// Backoff is how long the core makes no fetch by itself because others have failed.
func (c *Core) Backoff() time.Duration {
	if c.backoff.kind == noBackoff {
		return 0
	}
	return max(c.Left(c.backoff.until), 0)
}

// BackingOff reports whether no fetch may start because others failed.
func (c *Core) BackingOff() bool { return c.Backoff() > 0 }

// Held reports whether the endpoint has asked for the backoff that is on, by Retry-After.
func (c *Core) Held() bool { return c.backoff.hold && c.BackingOff() }

// Flights is how many fetches there were, which is the number of the latest.
func (c *Core) Flights() uint64 { return c.flights }
