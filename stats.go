package alf

import (
	"github.com/alf-go/alf/manager"
)

// Stats is what the client has counted since it was made, and its token manager's state. It holds no secret.
type Stats struct {
	// Stats is the token manager's. It is zero if a Config.Manager has none.
	manager.Stats
	// Unauthorized counts the answers that rejected the token they were asked with: 401s, but for those that say another
	// token would not help, or what Config.Rejected took for one. Second answers are not among them.
	Unauthorized uint64
	// Resent counts the requests that were sent a second time, Healed those of them whose second answer rejected no token.
	Retried, RetrySucceeded uint64
	// Unreplayable counts the rejected requests whose body could not be had again, so that they were not resent.
	Unreplayable uint64
	// Nonced counts the requests that were sent again because the API wanted a nonce in their DPoP proof.
	NonceRetries uint64
	// Unsent counts the requests that were not sent because no token could be had, or their context ended before.
	Unsent uint64
	// Refused counts the requests that were not sent because of Config.Origins or AllowHTTP.
	Refused uint64
}

// Stats tells what was counted, and the token's state.
func (c *Client) Stats() Stats {
	counters := &c.session.Counters
	s := Stats{
		Unauthorized:   counters.Unauthorized.Load(),
		Retried:        counters.Retried.Load(),
		RetrySucceeded: counters.RetrySucceeded.Load(),
		Unreplayable:   counters.Unreplayable.Load(),
		NonceRetries:   counters.NonceRetries.Load(),
		Unsent:         counters.Unsent.Load(),
		Refused:        counters.Refused.Load(),
	}
	if source, ok := c.source.(interface{ Stats() manager.Stats }); ok {
		s.Stats = source.Stats()
	}
	return s
}
