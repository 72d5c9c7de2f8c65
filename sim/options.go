package sim

import (
	"net/http"
	"time"

	"github.com/benbjohnson/clock"
)

// Options is what [New] makes a [Server] from. The zero value of each field is the default. What changes in the course
// of a test is changed by the Server's methods.
type Options struct {
	// Name begins the values of the tokens, and is part of the in-memory host names: letters, digits and hyphens.
	// Servers of different names do not take each other's tokens. Default: "sim".
	Name string
	// Clock is what lifetimes, latencies and outages are measured by. Default: the real clock, which inside a
	// testing/synctest bubble is the bubble's.
	Clock clock.Clock
	// Lifetime is that of the tokens; see [Server.SetLifetime]. Default: 1 hour.
	Lifetime time.Duration
	// Latency is how long the token endpoint takes; see [Server.SetLatency]. Default: none.
	Latency time.Duration
	// APILatency is how long the API takes; see [Server.SetAPILatency]. Default: none.
	APILatency time.Duration
	// ClientID is the client that is known; for several see [Server.AddClient]. Default: every client is.
	ClientID string
	// ClientSecret is the known client's secret, made up for the test: this is no place for a real one. Default: any
	// secret is accepted, except an empty one.
	ClientSecret string `json:"-"`
	// CheckAudience makes the API refuse tokens that were requested for audiences or resources (RFC 8707) of which none
	// is the host of the request: "https://stock.example.com" is for requests to stock.example.com. In memory a request
	// may go to any host. Default: false.
	CheckAudience bool
	// Generous makes the clients of [Server.Config] and [Server.ConfigAt] replace the token at every rejection, at once
	// and however often that happens. Otherwise they limit that as in production (rule M13 of PROMISES.md), which a
	// test that revokes tokens in real time would notice: see docs/testing.md. It sets Policy.UnlimitedRejections.
	// Default: false.
	Generous bool
	// API serves the requests that carry a good token. In memory it runs on the goroutine of the request, and its
	// response is delivered as a whole when it returns: a response that is streamed needs a socket. Default: 200 with
	// the request's own body, or {"ok":true} if it has none.
	API http.Handler
}
