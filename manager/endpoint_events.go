package manager

import "github.com/alf-go/alf/internal/core/endpoint"

// What can happen to an [Endpoint]. These events say what was met in Class and Status, and never what a server wrote:
// that was the response to one client, and the others must not see it (E2).
const (
	// EndpointSuspect: the endpoint does not work for several client ids (one, if only one is in use). From now on,
	// there is one probe per backoff for all of them together, the next one at Until. Class and Status are what was met
	// last.
	EndpointSuspect EventKind = endpoint.SuspectedName
	// EndpointProbed: a fetch starts whose outcome decides whether the endpoint still is suspect.
	EndpointProbed EventKind = endpoint.ProbedName
	// ProbeFailed: that fetch met Class and Status. The next one for which callers wait starts at Until.
	ProbeFailed EventKind = endpoint.ProbeFailedName
	// EndpointRecovered: the endpoint is no longer suspect. It works again, or what it was suspected for may be the
	// trouble of one client id alone.
	EndpointRecovered EventKind = endpoint.RecoveredName
	// ClientHeld: the endpoint asked ClientID for a pause, by a 429 or a Retry-After. All tokens of that client id are
	// on hold until Until.
	ClientHeld EventKind = endpoint.ClientHeldName
)

// What an endpoint that does not work was met with, as [Event].Class.
const (
	// ClassConnectionFailure: there was no connection, or it broke.
	ClassConnectionFailure Class = endpoint.ConnectionFailureName
	// ClassTimeout: there was no response in time.
	ClassTimeout Class = endpoint.TimeoutName
	// ClassServerError: the response was a 5xx.
	ClassServerError Class = endpoint.ServerErrorName
)

// endpointCounts counts what happened at an endpoint.
type endpointCounts [endpoint.EventKinds]uint64

// report counts what happened in a step and passes it on. clientID is the one whose message it was.
func (e *Endpoint) report(clientID string, effects *endpoint.Effects) {
	for i := range effects.N {
		ev := &effects.Events[i]
		e.counts[ev.Kind]++
		event := Event{
			Kind: EventKind(ev.Kind.String()), Time: e.core.Wall(), Endpoint: e.name,
			Class: Class(ev.Outcome.String()), Status: ev.Status, Until: ev.Until,
		}
		if ev.Kind == endpoint.ClientHeld {
			event.ClientID, event.Class = clientID, ""
		}
		e.observer.add(event)
	}
}
