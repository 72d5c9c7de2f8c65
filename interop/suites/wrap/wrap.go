// Package wrap makes the transports that the test suites of other libraries are run over. It is compiled into a copy of
// the standard library, where net/http calls it for the transport of each request.
package wrap

import (
	"context"
	"io"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// The modes, as they stand in the environment.
const (
	None     = "none"      // http.Client's own
	Trivial  = "trivial"   // a transport that adds a header, and does nothing else
	Alf      = "alf"       // alf's transport
	Rejected = "alf, 401s" // alf's transport, and a 401 for the first send of each request
)

// Transport returns what to put around each transport in a mode; nil for [None].
func Transport(mode string) func(http.RoundTripper) http.RoundTripper {
	switch mode {
	case Trivial:
		return func(base http.RoundTripper) http.RoundTripper { return trivial{base} }
	case Alf:
		client := newClient()
		return client.Transport
	case Rejected:
		client := newClient()
		return func(base http.RoundTripper) http.RoundTripper { return client.Transport(rejecting{base}) }
	}
	return nil
}

// Count is called for each 401 that [Rejected] sends. It is set before the first request.
var Count = func() {}

func newClient() *alf.Client {
	client, err := alf.New(alf.Config{Manager: source{}, AllowHTTP: []string{"*"}})
	if err != nil {
		panic(err)
	}
	return client
}

// The tokens.
var (
	first  = manager.NewToken(1, &oauth2.Token{AccessToken: "first", TokenType: "Bearer"})
	second = manager.NewToken(2, &oauth2.Token{AccessToken: "second", TokenType: "Bearer"})
)

// source has two tokens: it hands out the first to every request, and the second to those whose first is rejected. So
// no rejection is ever suppressed, and no test waits for another.
type source struct{}

func (source) Token(context.Context) (*manager.Token, error) { return first, nil }

func (source) Replace(context.Context, *manager.Token, string) (*manager.Token, error) {
	return second, nil
}

func (source) Invalidate(*manager.Token, string) error { return nil }

func (source) Close() error { return nil }

// trivial is the least that a transport with a token does.
type trivial struct{ base http.RoundTripper }

// RoundTrip sends a copy of req with the token.
func (t trivial) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header != nil {
		req = req.Clone(req.Context())
		req.Header.Set("Authorization", first.Authorization())
	}
	return t.base.RoundTrip(req)
}

// CloseIdleConnections reaches the base.
func (t trivial) CloseIdleConnections() { closeIdle(t.base) }

// rejecting responds to the first token with a 401, in place of the server.
type rejecting struct{ base http.RoundTripper }

// RoundTrip reads the whole body before it rejects req. A request that cannot be sent again is not rejected.
func (t rejecting) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("Authorization") != first.Authorization() || !repeatable(req) {
		return t.base.RoundTrip(req)
	}
	if req.Body != nil {
		_, err := io.Copy(io.Discard, req.Body)
		if closeErr := req.Body.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return nil, err
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	Count()
	return &http.Response{
		StatusCode: http.StatusUnauthorized, Status: "401 Unauthorized", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Www-Authenticate": {`Bearer error="invalid_token"`}}, Body: http.NoBody, Request: req,
	}, nil
}

// CloseIdleConnections reaches the base.
func (t rejecting) CloseIdleConnections() { closeIdle(t.base) }

// repeatable is what rule C4 promises: a body that is known to be short, or that the caller can make again.
func repeatable(req *http.Request) bool {
	const limit = 64 << 10
	return req.Body == nil || req.Body == http.NoBody || req.GetBody != nil || req.ContentLength > 0 && req.ContentLength <= limit
}

func closeIdle(base http.RoundTripper) {
	if c, ok := base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
