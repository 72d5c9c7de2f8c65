package alf

import (
	"github.com/alf-go/alf/internal/transport"
	"github.com/alf-go/alf/manager"
)

// Stats is what the client has counted since it was made, and its token manager's state. It contains no secret.
type Stats struct {
	// Stats is the token manager's. It is zero if a Config.Manager has none.
	manager.Stats
	// Unauthorized counts the responses that rejected the token of their request: those for which Config.Rejected
	// returned true, or without it the 401s that reject the token by the default rule, which is described there.
	// Responses to a retry are not among them.
	Unauthorized uint64
	// Retried counts the requests that were sent a second time, RetrySucceeded those of them whose second response did
	// not reject the token.
	Retried, RetrySucceeded uint64
	// Unreplayable counts the rejected requests whose body was not available again, so that they were not sent again.
	Unreplayable uint64
	// NonceRetries counts the requests that were sent again with another DPoP proof and the same token: because the API
	// required a nonce in it, or because it called the proof invalid (RFC 9449 sections 9 and 7.1).
	NonceRetries uint64
	// Unsent counts the requests that were not sent because no token was available, or their context ended before.
	Unsent uint64
	// Refused counts the requests that were not sent because of Config.Origins or AllowHTTP.
	Refused uint64
}

// Stats returns what was counted, and the token's state.
func (c *Client) Stats() Stats {
	s := counted(c.session.Counters)
	if source, ok := c.source.(interface{ Stats() manager.Stats }); ok {
		s.Stats = source.Stats()
	}
	return s
}

// counted is what was counted about requests.
func counted(counters *transport.Counters) Stats {
	return Stats{
		Unauthorized:   counters.Unauthorized.Load(),
		Retried:        counters.Retried.Load(),
		RetrySucceeded: counters.RetrySucceeded.Load(),
		Unreplayable:   counters.Unreplayable.Load(),
		NonceRetries:   counters.NonceRetries.Load(),
		Unsent:         counters.Unsent.Load(),
		Refused:        counters.Refused.Load(),
	}
}
