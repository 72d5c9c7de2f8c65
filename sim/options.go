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
	// ClientID is the client that is known; for several see [Server.AddClient] and [Server.Configure]. Default: every
	// client is.
	ClientID string
	// ClientSecret is the known client's secret, made up for the test: this is no place for a real one. Default: any
	// secret is accepted, except an empty one.
	ClientSecret string `json:"-"`
	// CheckAudience makes the API refuse tokens that were requested for audiences or resources (RFC 8707) of which none
	// is the host of the request: "https://stock.example.com" is for requests to stock.example.com. In memory a request
	// may go to any host. Default: false.
	CheckAudience bool
	// JWT makes the tokens JSON Web Tokens (RFC 9068), signed with ES256, whose keys are at [Server.JWKSURL]. Default:
	// they are opaque. Either kind can be introspected.
	JWT bool
	// NonceLifetime makes DPoP proofs need a nonce of the server, at the token endpoint and at the API; see
	// [Server.SetNonces]. Default: none is demanded.
	NonceLifetime time.Duration
	// TLS makes the addresses of a started server https. Its socket serves http and https in any case. Certificates are
	// made for whatever host a client names, by an authority that [Server.Transport] trusts. Default: http.
	TLS bool
	// RequestTime says when a request to the API was sent, which then decides whether its token and its nonce had
	// expired; the zero time leaves that to the server. It is for tests in real time that must not fail because the
	// machine is too busy to deliver a request in time. Default: it is when the API looks at the token.
	RequestTime func(*http.Request) time.Time `json:"-"`
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
