package endpoint

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// InputKind says what an [Input] is about.
type InputKind uint8

// The kinds of input.
const (
	// Attach: a token of Client uses the endpoint from now on.
	Attach InputKind = iota + 1
	// Detach: it does no longer.
	Detach
	// Want: Ticket of Client wants a fetch. For a ticket that waits already: it wants it more urgently now.
	Want
	// Withdraw: Ticket wants none any more. It is ignored for a ticket that is in flight.
	Withdraw
	// Ended: the fetch of Ticket ended, or was not started after all.
	Ended
	// Wake: the timer of [Effects].Wake fired, or a step said Again.
	Wake
)

// Input is one message to the core. Fields that do not belong to its kind are zero.
type Input struct {
	Kind InputKind

	// Client, of Attach, Detach and Want, is the client id.
	Client uint64
	// Ticket, of Want, Withdraw and Ended.
	Ticket Ticket

	// Urgent, of Want, says that callers wait for the token. Otherwise it is a refresh behind a usable token.
	Urgent bool
	// Manual, of Want, says that a caller demanded the fetch, so that no hold applies to it (M20).
	Manual bool
	// New, of Want, says that the token has never been fetched, so that the pace of its client id applies (P4).
	New bool

	// Outcome, of Ended, is what the fetch proves about the endpoint.
	Outcome Outcome
	// Status, of Ended, is the status of the response; zero if there was none.
	Status int
	// RetryAfter, of Ended, is how long a pause the endpoint asked for. Zero: it did not say.
	RetryAfter time.Duration
	// Throttled, of Ended, says that the endpoint asked for a pause at all: by a 429 or a Retry-After (E2).
	Throttled bool
	// Retry, of Ended, says that the round goes on: the token will want its next attempt soon (M9).
	Retry bool
	// Backoff, of Ended, is the pause that the token itself makes. Zero: none.
	Backoff time.Duration

	// At, of Wake, is the time that the timer was set for. Zero: there was none.
	At core.Elapsed
}

// Outcome is what the end of a fetch proves about the endpoint.
type Outcome uint8

// The outcomes.
const (
	// NoEvidence: the fetch was not made, or was cancelled because its token was closed.
	NoEvidence Outcome = iota
	// Works: the endpoint issued a token, or refused to in a way that shows that it works, such as a refusal of
	// credentials or of a scope.
	Works
	// Unclear: a response that neither shows that the endpoint works nor that it does not, such as a redirect.
	Unclear
	// NotConnected: no response: the connection was refused, was reset, or never came about.
	NotConnected
	// NoResponse: no response in time.
	NoResponse
	// ServerError: a response with a 5xx.
	ServerError
	// Outcomes is how many there are.
	Outcomes
)

// Trouble reports whether an outcome makes the endpoint suspect (E2).
func (o Outcome) Trouble() bool { return o >= NotConnected }

// The names of what makes an endpoint suspect.
const (
	ConnectionFailureName = "connection failure"
	TimeoutName           = "time-out"
	ServerErrorName       = "server error"
)

var outcomeNames = [Outcomes]string{
	NoEvidence: "", Works: "the endpoint works", Unclear: "an unusual response", NotConnected: ConnectionFailureName,
	NoResponse: TimeoutName, ServerError: ServerErrorName,
}

// String says what was met, in words that are safe to show to any client (E2).
func (o Outcome) String() string {
	if o < Outcomes {
		return outcomeNames[o]
	}
	return ""
}
