package alf

import (
	"time"

	"github.com/alf-go/alf/manager"
)

// Outcome is what an API's response said about a token; see [manager.Outcome].
type Outcome = manager.Outcome

// ObservesOutcomes reports whether the outcomes of all requests are wanted, not only those of retries: while it is
// true, code that sends requests itself reports each of them with [Client.ReportOutcome]. It is mostly false, and costs
// one atomic load.
func (c *Client) ObservesOutcomes() bool { return c.session.ObservesOutcomes() }

// ReportOutcome is for code that sends requests itself, such as package alfgrpc: it reports what the API's response
// said about the token of one request. By these outcomes the token manager distinguishes an API that rejects every
// token from one whose tokens are really revoked (M13); retries whose outcome it does not learn count as rejected. To
// be reported are the outcome of every retry, every first request that was rejected (in addition to [Client.Replace] or
// [Client.Invalidate], which the manager learns it from; here it is only counted), and every other request that was
// sent while [Client.ObservesOutcomes] was true. Set Outcome.Sent to what [Client.Now] returned when the request was
// sent. [Client.Stats] counts the rejected requests as Unauthorized, and the retries as Retried and RetrySucceeded.
//
// It does not wait. A Config.Manager that has no method of this name does not hear of it.
func (c *Client) ReportOutcome(o Outcome) { c.session.ReportOutcome(o) }

// Now returns the time by Config.Clock, for [Outcome].Sent.
func (c *Client) Now() time.Time { return c.session.Now() }
