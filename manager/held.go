package manager

import (
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core/endpoint"
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/store"
)

// HeldError is found in an [Error] by errors.As if no fetch was made for the caller, because of what other fetches at
// the same [Endpoint] have met. It has no text of any server: that was the response to another client.
type HeldError struct {
	// Status is the HTTP status that was met; 0 if there was no response.
	Status int
	// Throttled says that the endpoint asked this client id for a pause, by a 429 or a Retry-After. Otherwise the
	// endpoint is suspect: it did not work for several client ids.
	Throttled bool
	// Elsewhere says that another process has met it, which shares this token.
	Elsewhere bool

	outcome endpoint.Outcome
}

func newHeldError(r endpoint.Refusal) *HeldError {
	return &HeldError{Status: r.Status, Throttled: r.Throttled, outcome: r.Outcome}
}

// whyHeld is why callers are not to wait.
func whyHeld(msg message) *HeldError {
	m, ok := msg.(held)
	if !ok {
		return newHeldError(msg.(refused).refusal)
	}
	e := &HeldError{Elsewhere: true, outcome: endpoint.ServerError}
	if m.hold.Class == store.Connection {
		e.outcome = endpoint.NotConnected
	}
	return e
}

// Error says what was met, and what follows.
func (e *HeldError) Error() string {
	if e.Elsewhere {
		return "the token endpoint does not work, as another process has found" + e.met(e.outcome.String())
	}
	if e.Throttled {
		return "the token endpoint asked for a pause" + e.met("")
	}
	return "the token endpoint does not work, as other requests have found" + e.met(e.outcome.String())
}

// met is what was met, in parentheses.
func (e *HeldError) met(class string) string {
	switch {
	case e.Status == 0 && class == "":
		return ""
	case e.Status == 0:
		return fmt.Sprintf(" (%s)", class)
	case class == "":
		return fmt.Sprintf(" (%s)", wire.Status(e.Status))
	}
	return fmt.Sprintf(" (%s: %s)", class, wire.Status(e.Status))
}

// Class is "connection failure", "time-out" or "server error"; "throttled" if Throttled.
func (e *HeldError) Class() string {
	if e.Throttled {
		return "throttled"
	}
	return e.outcome.String()
}

// Timeout reports whether what was met is a time-out.
func (e *HeldError) Timeout() bool { return !e.Throttled && e.outcome == endpoint.NoResponse }

// As finds an *oauth2.RetrieveError, which has Status and nothing else, for code that reads the status from there.
// There is none without a Status.
func (e *HeldError) As(target any) bool {
	to, ok := target.(**oauth2.RetrieveError)
	if !ok || e.Status == 0 {
		return false
	}
	text := wire.Status(e.Status)
	*to = &oauth2.RetrieveError{Response: &http.Response{Status: text, StatusCode: e.Status, Header: http.Header{}}}
	return true
}
