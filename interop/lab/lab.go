// Package lab says what every server that the client is tried against has to offer, so that one suite of tests can try
// them all. Servers listen on 127.0.0.1 and free ports only.
package lab

import (
	"context"
	"net/http"
	"time"

	"github.com/alf-go/alf"
)

// Server is an authorization server that others wrote, together with an API that takes its tokens. Its methods are
// called by one goroutine at a time, while requests are on their way. One that is an io.Closer is closed in the end.
type Server interface {
	// Name is the server and its version, such as "ory/fosite v0.49.0".
	Name() string
	// Cases are the authentication methods of this server: a row of the table each.
	Cases() []Case
	// Start starts the server, or starts it again on the same addresses after Stop. What it knew of its clients is
	// still there. With newKeys it signs tokens with keys it has just made, and takes none of the old tokens any more.
	Start(ctx context.Context, newKeys bool) error
	// Stop ends it as a crash does: connections break, and the ports refuse new ones.
	Stop()
	// Revoke revokes every access token that was handed out, by the server's own means.
	Revoke(ctx context.Context) error
	// TokenRequests is how many requests have arrived at the token endpoint since the server was made.
	TokenRequests() int
}

// Lasting is a Server that can make tokens of another lifetime. One that is a process of its own takes some time to
// start, on a busy machine as long as its tokens live.
type Lasting interface {
	// SetLifetime sets how long the tokens live that it makes once it has been started again.
	SetLifetime(lifetime time.Duration)
}

// Case is one way to authenticate at a server.
type Case struct {
	// Name is the method's, with what else is special about it: "private_key_jwt, ES256", "client_secret_basic, DPoP".
	Name string
	// Config makes a client's configuration. Tokens live for Lifetime, a few seconds.
	Config   func() alf.Config
	Lifetime time.Duration
	// Reuses: the server returns the same token until it has expired.
	Reuses bool
	// API is what the token opens: 200 with it, and 401 with a proper challenge without it, or once it has expired or
	// was revoked.
	API string
	// Accepts looks for a refusal in the body of a response with status 200. Nil: such a response is no refusal.
	Accepts func(body []byte) error
	// Wrong is Config with a secret, key or certificate that is not the client's, and Says a part of what the server
	// responds to it, which the client's error has to repeat. SaysStatus is the status of that response; zero: 400 or
	// more.
	Wrong      func() alf.Config
	Says       string
	SaysStatus int
	// Rotate gives the client another secret, key or certificate, at the server and wherever Config reads it from. What
	// it replaces is good for nothing afterwards. Nil: the server has no way to do that, and WhyNot says why.
	Rotate func(ctx context.Context) error
	WhyNot string
	// Skip says of further subtests, by their names, why they mean nothing here.
	Skip map[string]string
	// Base carries the API requests where Config has no HTTPClient that could; nil: any will do.
	Base http.RoundTripper
}
