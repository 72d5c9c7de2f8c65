package endpoint

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Effects is what one step decided.
type Effects struct {
	// Granted are the tickets whose fetches start now, in that order.
	Granted []Ticket
	// Refused are the tickets whose callers are not to wait. They keep their place, and may be granted later.
	Refused []Refusal
	// Lifted are tickets that were refused, for which callers may wait again.
	Lifted []Ticket
	// Again: there is more to tell, so the core wants a [Wake] at once.
	Again bool
	// Wake the core at that time; not at all unless Armed.
	Wake  core.Elapsed
	Armed bool
	// Events are what happened, in order; N is how many there are.
	Events [maxEvents]Event
	N      int
}

// Refusal is what the callers of a ticket learn: what was met, and when the next attempt is allowed. There is no room
// for another client's text (E2).
type Refusal struct {
	Ticket Ticket
	// For is how long, from now, callers are refused.
	For time.Duration
	// Outcome and Status are what was met. Status is zero if there was no response.
	Outcome Outcome
	Status  int
	// Throttled says that the client id is on hold, because the endpoint asked for a pause.
	Throttled bool
}
