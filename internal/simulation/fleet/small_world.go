package fleet

import (
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// Small is a small world that [Explore] visits in every order of events: two tokens, one endpoint, and messages between
// them that take any time, in the order in which they were sent.
type Small struct {
	// Name identifies the world in reports.
	Name string
	// Clients is how many client ids the two tokens have: 1 or 2.
	Clients int
	// Limit is how many token requests may be in flight.
	Limit int
	// Faults are what a request may meet, beside success.
	Faults []Fault
	// Requests bounds how many there may be: at that number, nothing further happens.
	Requests int
	// Manual and Close let tokens be refreshed by hand, and be closed.
	Manual, Close bool
}

// SmallWorlds are those that are worth a visit.
func SmallWorlds() []Small {
	return []Small{
		{Name: "two client ids", Clients: 2, Limit: 1, Faults: []Fault{Erroring}, Requests: 4},
		{Name: "two in flight", Clients: 2, Limit: 2, Faults: []Fault{Erroring}, Requests: 3},
		{Name: "one client id", Clients: 1, Limit: 2, Faults: []Fault{Erroring, Throttling}, Requests: 3},
		{Name: "refusals", Clients: 2, Limit: 1, Faults: []Fault{Erroring, Denying}, Requests: 3},
		{Name: "by hand, and closed", Clients: 2, Limit: 1, Faults: []Fault{Erroring}, Requests: 2, Manual: true, Close: true},
	}
}

const smallTokens = 2

// client is the client id of a token.
func (w *Small) client(token int) uint64 { return uint64(token%w.Clients) + 1 }

// smallPolicy makes few distinct durations, and so few states.
var smallPolicy = core.Policy{
	Attempts: 2, Jitter: -1, AttemptTimeout: time.Second, RoundTimeout: 2 * time.Second, MinBackoff: 2 * time.Second, MaxBackoff: 4 * time.Second,
	MinPermanentBackoff: 4 * time.Second, MaxPermanentBackoff: 4 * time.Second,
}.WithDefaults()

// policy is that of the endpoint.
func (w *Small) policy() endpoint.Policy {
	return endpoint.Policy{MaxInFlight: w.Limit, MinBackoff: smallPolicy.MinBackoff, MaxBackoff: smallPolicy.MaxBackoff}
}

// What tokens live, and what a throttling endpoint asks for.
const (
	smallLifetime   = 20 * time.Second
	smallRetryAfter = 5 * time.Second
)
