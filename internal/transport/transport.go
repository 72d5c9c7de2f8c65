// Package transport sends one request with the client's token, and once more when the token was rejected: the
// http.RoundTripper that package alf is built on. A request goes through its files in this order: transport, origin,
// token, request_body, dpop, base, challenge, and after a rejection retry.
package transport

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

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
	// Counters count what happens to requests. Nil: the session has its own.
	Counters *Counters
}

// Session is what all transports of one client share. It is safe for concurrent use.
type Session struct {
	// Counters count what happened to requests.
	Counters *Counters

	source   manager.Source
	current  currentSource // nil, as the next two, if source has no such methods
	origin   originSource
	outcomes outcomeSource

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
	s := &Session{
		source:       cfg.Source,
		origins:      parseOrigins(cfg.Origins),
		allowHTTP:    append([]string(nil), cfg.AllowHTTP...),
		rejected:     cfg.Rejected,
		rejectedBody: cfg.RejectedBody,
		dpop:         cfg.DPoP,
		clock:        cfg.Clock,
		Counters:     cfg.Counters,
	}
	if s.Counters == nil {
		s.Counters = new(Counters)
	}
	s.current, _ = cfg.Source.(currentSource)
	s.origin, _ = cfg.Source.(originSource)
	s.outcomes, _ = cfg.Source.(outcomeSource)
	return s
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

// BaseOf returns what a transport sends its requests through; nil if it is no Transport.
func BaseOf(t http.RoundTripper) http.RoundTripper {
	if own, ok := t.(*Transport); ok {
		return own.base
	}
	return nil
}

// call is one request of a caller on its way through a Transport.
type call struct {
	req      *http.Request  // the caller's; it is not modified
	body     *requestBody   // nil: there is none
	response *http.Response // the one that is open; nil: none, or it was handed to the caller
	observed time.Time      // when it was sent first, if the source wants to know the outcome

	proofRetry    bool // it was sent again with another DPoP proof
	nonceUnwanted bool // its response refuses the nonce in its proof, which is forgotten: the token is not to blame
}

// abandon closes what is open when a function of the user's panics.
func (c *call) abandon() {
	if c.response == nil {
		return
	}
	if c.response.Body != nil {
		c.response.Body.Close()
	}
	c.body.done(true)
}

// RoundTrip sends req with the token, and once more with its successor if it was rejected. It does not modify req.
// Errors: that of the token if none is available (the request is then not sent, and its body is closed; a
// *[RejectedError] if it was sent once), an [ErrRefused], or base's. An error that ended with the request's context is
// both that context's error and its cause.
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
	tok, value, err := t.tokenFor(req)
	if err != nil {
		t.Counters.Unsent.Add(1)
		closeBody(req)
		return nil, err
	}
	c := call{req: req}
	defer c.abandon()
	out, body := t.authorize(req, value)
	if body != nil {
		body.attach(out, req)
		c.body = body
	}
	if t.outcomes != nil && t.outcomes.ObservesOutcomes() {
		c.observed = t.clock.Now()
	}
	resp, err := t.send(&c, out, tok, value)
	if err != nil || resp == nil {
		c.body.done(true)
		return resp, err
	}
	c.response = resp
	if !c.nonceUnwanted && t.rejects(resp) {
		resp, err = t.retryUnauthorized(&c, tok)
	} else {
		c.body.done(false)
		t.observeAccepted(&c, tok)
	}
	c.response = nil
	return resp, err
}

// send sends out, which carries tok, with everything that a token of its kind needs.
func (t *Transport) send(c *call, out *http.Request, tok *manager.Token, value string) (*http.Response, error) {
	if t.dpop != nil {
		return t.roundTripDPoP(c, out, tok, value)
	}
	return roundTrip(t.base, out, c.req)
}

// roundTrip sends out through base and puts the caller's request into the response: http.Client follows redirects by
// it, and it does not hold the token.
func roundTrip(base http.RoundTripper, out, req *http.Request) (*http.Response, error) {
	resp, err := base.RoundTrip(out)
	if resp != nil {
		resp.Request = req
	}
	if err != nil {
		err = contextError(req.Context(), err)
	}
	return resp, err
}

// forwardWithoutToken sends a request that must not carry the token, because a redirect leads elsewhere. Nothing of the
// client goes with it, nor is its Authorization removed: that is http.Client's or the caller's.
func (t *Transport) forwardWithoutToken(req *http.Request) (*http.Response, error) {
	out, _ := t.authorize(req, "")
	return roundTrip(WithCertificate(t.base, nil), out, req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the base.
func (t *Transport) CloseIdleConnections() { closeIdle(t.base) }

// Format prints the type's name, whatever the verb: what it leads to holds connections, and others are writing to it.
func (Transport) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.Transport") }

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

const authorizationHeader = "Authorization"

// outgoing is a request on its way to the base transport, with room for what it must not share with the caller's, so
// that all of it is one allocation. It is never pooled: a transport may keep a request for as long as it likes.
type outgoing struct {
	http.Request
	authorization [1]string
}

// outgoingBody has room for the body's state as well.
type outgoingBody struct {
	outgoing
	body requestBody
}

// editable is a request on its way to a base that may edit it in place: nothing in it is the caller's.
type editable struct {
	http.Request
	url    url.URL
	values [16]string // of headers
}

// editableBody has room for the body's state as well.
type editableBody struct {
	editable
	body requestBody
}

// authorize copies req and puts value into the copy's Authorization, replacing whatever the caller had there, in any
// spelling; "" leaves that as it is. It returns room for the body's state if there is a body.
//
// Unless the base is net/http's, the URL and the headers' values are copied too: a careless base may edit them in
// place, and the caller's request must not be modified. Trailer is shared: the caller's body sets its values as it is
// read.
func (t *Transport) authorize(req *http.Request, value string) (out *http.Request, body *requestBody) {
	if editsNothing(t.base) {
		return authorizeShared(req, value)
	}
	var o *editable
	if hasBody(req) {
		ob := new(editableBody)
		o, body = &ob.editable, &ob.body
	} else {
		o = new(editable)
	}
	o.Request, o.url = *req, *req.URL
	o.URL = &o.url
	o.Header = copyHeader(req.Header, value, o.values[:])
	return &o.Request, body
}

// authorizeShared is authorize for a base that edits nothing.
func authorizeShared(req *http.Request, value string) (out *http.Request, body *requestBody) {
	var o *outgoing
	if hasBody(req) {
		ob := new(outgoingBody)
		o, body = &ob.outgoing, &ob.body
	} else {
		o = new(outgoing)
	}
	o.Request = *req
	o.Header = make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		if value == "" || !isAuthorization(name) {
			o.Header[name] = values
		}
	}
	if value != "" {
		o.authorization[0] = value
		o.Header[authorizationHeader] = o.authorization[:]
	}
	return &o.Request, body
}

func isAuthorization(name string) bool {
	return len(name) == len(authorizationHeader) && equalFold(name, authorizationHeader)
}

// copyHeader copies a header, its values into free as far as they fit, and replaces Authorization unless value is "".
// The slices have no spare capacity, so that appending to one copies it.
func copyHeader(header http.Header, value string, free []string) http.Header {
	copied := make(http.Header, len(header)+1)
	if value != "" {
		free[0] = value
		copied[authorizationHeader] = free[:1:1]
		free = free[1:]
	}
	for name, values := range header {
		if value != "" && isAuthorization(name) {
			continue
		}
		n := len(values)
		if n > len(free) {
			copied[name] = append([]string(nil), values...)
			continue
		}
		copy(free, values)
		copied[name] = free[:n:n]
		free = free[n:]
	}
	return copied
}
