// Package transport sends one request with the client's token, and once more when the token was rejected: the
// http.RoundTripper that package alf is built on. A request goes through its files in this order: transport, origin,
// request_body, dpop, certificate, challenge, and after a rejection retry and response_body.
package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/manager"
)

// Config is what a Session is made from. It has been validated by the caller.
type Config struct {
	// Source manages the token.
	Source manager.Source
	// Origins is the whole set of origins that the token may go to. Empty: the origin of each request.
	Origins []string
	// AllowHTTP lists the hosts that the token may go to over plain http.
	AllowHTTP []string
	// Rejected replaces the rule by which a response rejects the token. Nil: see challenge.go.
	Rejected func(*http.Response) bool
	// RejectedBody lets Rejected read the beginning of the body.
	RejectedBody bool
	// DPoP makes the proofs that go with tokens bound to a key. Nil: there are none.
	DPoP *dpop.Prover
	// Clock is the time in those proofs.
	Clock clock.Clock
}

// Session is what all transports of one client share. It is safe for concurrent use.
type Session struct {
	// Counters count what happened to requests.
	Counters Counters

	source       manager.Source
	origins      []allowed
	allowHTTP    []string
	rejected     func(*http.Response) bool
	rejectedBody bool
	dpop         *dpop.Prover
	clock        clock.Clock
	closed       atomic.Bool
}

// NewSession makes a session. Later changes to cfg do not affect it.
func NewSession(cfg Config) *Session {
	return &Session{
		source:       cfg.Source,
		origins:      parseOrigins(cfg.Origins),
		allowHTTP:    append([]string(nil), cfg.AllowHTTP...),
		rejected:     cfg.Rejected,
		rejectedBody: cfg.RejectedBody,
		dpop:         cfg.DPoP,
		clock:        cfg.Clock,
	}
}

// Close makes all requests that come later, and all that still need a token, fail with manager.ErrClosed.
func (s *Session) Close() { s.closed.Store(true) }

// Closed reports whether Close was called.
func (s *Session) Closed() bool { return s.closed.Load() }

// Transport is an http.RoundTripper over a base. Its value prints as its name only.
type Transport struct {
	*Session
	base http.RoundTripper
}

// Over returns a transport that sends requests through base.
func (s *Session) Over(base http.RoundTripper) *Transport { return &Transport{s, base} }

// RoundTrip sends req with the token, and once more with its successor if it was rejected. It does not modify req. Errors:
// that of the token if none is available (the request is then not sent, and its body is closed), an [ErrRefused], or base's.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	carries, err := t.admit(req)
	if err != nil {
		t.Counters.Refused.Add(1)
		closeBody(req)
		return nil, err
	}
	if !carries {
		return t.forwardWithoutToken(req)
	}
	tok, value, err := t.Token(req.Context())
	if err != nil {
		t.Counters.Unsent.Add(1)
		closeBody(req)
		return nil, err
	}
	out := authorize(req, value)
	body := newRequestBody(out, req)
	resp, err := t.send(out, &body, tok, value)
	if err != nil || resp == nil {
		return resp, err
	}
	if !t.rejects(resp) {
		body.stopRecording()
		return resp, nil
	}
	return t.retryUnauthorized(req, resp, tok, &body)
}

// send sends out, which carries tok, with everything that a token of its kind needs.
func (t *Transport) send(out *http.Request, body *requestBody, tok *manager.Token, value string) (*http.Response, error) {
	if t.dpop != nil {
		return t.roundTripDPoP(out, body, tok, value)
	}
	return roundTrip(t.base, out, body.req)
}

// roundTrip sends out through base and puts the caller's request into the response: http.Client follows redirects by it, and
// it does not hold the token.
func roundTrip(base http.RoundTripper, out, req *http.Request) (*http.Response, error) {
	resp, err := base.RoundTrip(out)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// forwardWithoutToken sends a request that must not carry the token, because a redirect leads elsewhere. Nothing of the
// client goes with it, nor is its Authorization removed: that is http.Client's or the caller's.
func (t *Transport) forwardWithoutToken(req *http.Request) (*http.Response, error) {
	base := t.base
	if m, ok := base.(mtlsTransport); ok {
		base = m.For(nil)
	}
	return roundTrip(base, req, req)
}

// Token asks the source, and returns the token with its header value.
func (s *Session) Token(ctx context.Context) (*manager.Token, string, error) {
	if s.closed.Load() {
		return nil, "", manager.ErrClosed
	}
	tok, err := s.source.Token(ctx)
	if err != nil {
		return nil, "", contextError(ctx, err)
	}
	value, err := headerValue(tok)
	return tok, value, err
}

// Validated returns what a third-party source returned if it is a token, and an error otherwise. An error that ended with ctx
// is both ctx.Err() and its cause.
func Validated(ctx context.Context, tok *manager.Token, err error) (*manager.Token, error) {
	if err != nil {
		return nil, contextError(ctx, err)
	}
	if _, err := headerValue(tok); err != nil {
		return nil, err
	}
	return tok, nil
}

// headerValue returns tok's Authorization. Tokens of third-party sources are validated: an empty one must not be sent.
func headerValue(tok *manager.Token) (string, error) {
	value := tok.Authorization()
	if value == "" || value[len(value)-1] == ' ' { // no token, or nothing after the scheme
		return "", errNoToken
	}
	return value, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the base.
func (t *Transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

// Format prints the type's name, whatever the verb: what it leads to holds connections, and others are writing to it.
func (Transport) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.Transport") }

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

const authorizationHeader = "Authorization"

// outgoing is a request on its way to the base transport, with room for the one header value that is ours, so that both are
// one allocation. It is never pooled: a transport may keep a request for as long as it likes.
type outgoing struct {
	http.Request
	authorization [1]string
}

// authorize copies req and puts value into the copy's Authorization, replacing whatever the caller had there, however it was
// spelled.
// The values of the other headers are shared with the caller: they are only read, and without spare capacity, so that
// appending to them copies them.
func authorize(req *http.Request, value string) *http.Request {
	out := &outgoing{Request: *req}
	header := make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		if len(name) == len(authorizationHeader) && equalFold(name, authorizationHeader) {
			continue
		}
		header[name] = values[:len(values):len(values)]
	}
	out.authorization[0] = value
	header[authorizationHeader] = out.authorization[:]
	out.Request.Header = header
	return &out.Request
}
