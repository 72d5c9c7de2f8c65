package endpoint

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// State is what can be reported of a core.
type State struct {
	// InFlight and Waiting count tickets.
	InFlight, Waiting int
	// Suspect says that the endpoint does not work as far as is known (E2).
	Suspect bool
	// Outcome and Status are the trouble that was met last. Zero: none since the last success.
	Outcome Outcome
	Status  int
	// NextProbe is when callers may cause the next attempt, on the wall clock. Zero unless Suspect, and while a probe
	// is in flight.
	NextProbe time.Time
}

// State reports how things stand after the last step.
func (c *Core) State() State {
	h := &c.health
	s := State{InFlight: c.inFlight, Waiting: c.waitingTickets(), Suspect: h.suspect, Outcome: h.outcome, Status: h.status}
	if h.suspect && !h.probing {
		s.NextProbe = c.last.Round(0).Add(c.Left(h.urgentAt))
	}
	return s
}

// Elapsed is the time since the first step.
func (c *Core) Elapsed() core.Elapsed { return c.elapsed }

// Left is how long after the last step a deadline comes.
func (c *Core) Left(at core.Elapsed) time.Duration { return at - c.elapsed }

// Wall is the time of the last step, on the wall clock.
func (c *Core) Wall() time.Time { return c.last.Round(0) }
