// Package report turns what the demonstration has measured into a table, and says whether the promises held.
package report

import (
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/journal"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/internal/program/demo/tally"
)

// Report is what was measured, and by which side.
type Report struct {
	Callers  int
	Lifetime time.Duration // of a token
	// Authentication says, a line for each part, how the client authenticates; empty if that is the default.
	Authentication []string
	// Bound says that tokens were bound to a key or a certificate.
	Bound bool
	Took  time.Duration
	// Stopped names the act during which the demonstration was interrupted; empty if it came to its end.
	Stopped string
	// Unfinished says what did not happen in time; empty if everything did.
	Unfinished string

	// Acts is what the callers counted.
	Acts []Act
	// FirstFailure is the first of their failures; nil if there was none.
	FirstFailure error
	// API is what the API counted, and TokenRequests how many requests the authorization server did.
	API           server.Counts
	TokenRequests uint64
	// Proofs is what both counted of DPoP proofs; nil if there were none.
	Proofs *Proofs
	// Client is what the client counted; Made and Fewest are from the audit of its events.
	Client       alf.Stats
	Made, Fewest journal.Purposes
}

// Proofs is what each server has seen of DPoP proofs.
type Proofs struct{ Auth, API server.Proofs }

// nonces is how many token requests were made to learn a nonce, and how many of them could not be avoided. The client
// counts such a request and the one that repeats it with the nonce as one attempt; the server counts both.
func (r *Report) nonces() (made, fewest uint64) {
	if r.Proofs == nil {
		return 0, 0
	}
	return r.Proofs.Auth.Challenged, r.Proofs.Auth.Unavoidable
}

// Act is a part of the demonstration.
type Act struct {
	Name string
	*tally.Tally
}

// total is the sum of all acts.
func (r *Report) total() *tally.Tally {
	sum := new(tally.Tally)
	for _, act := range r.Acts {
		sum.Merge(act.Tally)
	}
	return sum
}
