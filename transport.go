package alf

import (
	"context"
	"net/http"
)

// transport is the http.RoundTripper that everything else is built on.
type transport struct {
	*session
	base http.RoundTripper
}

// RoundTrip sends req with the token, and once more with a new one if that was rejected. It does not modify req. Errors: that
// of the token if none can be had (the request is then not sent, and its body closed), an [ErrRefused], or base's.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	carries, err := t.admit(req)
	if err != nil {
		t.counters.refused.Add(1)
		closeBody(req)
		return nil, err
	}
	if !carries {
		return t.pass(req)
	}
	tok, value, err := t.token(req.Context())
	if err != nil {
		t.counters.unsent.Add(1)
		closeBody(req)
		return nil, err
	}
	out := authorize(req, value)
	sent := record(out, req)
	resp, err := t.exchange(out, &sent, tok, value)
	if err != nil || resp == nil {
		return resp, err
	}
	if !t.rejects(resp) {
		sent.stop()
		return resp, nil
	}
	return t.renew(req, resp, tok, &sent)
}

// exchange sends out, which carries tok, with all that a token of its kind needs.
func (t *transport) exchange(out *http.Request, sent *body, tok *Token, value string) (*http.Response, error) {
	if t.dpop != nil {
		return t.exchangeProven(out, sent, tok, value)
	}
	return send(t.base, out, sent.req)
}

// send hands out to base, and in the answer puts the caller's request in its place: it is what http.Client follows
// redirects by, and it does not hold the token.
func send(base http.RoundTripper, out, req *http.Request) (*http.Response, error) {
	resp, err := base.RoundTrip(out)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}

// pass hands on a request that carries no token, because a redirect takes it elsewhere. Nothing of ours goes with it, not even
// if it looks as if it had credentials: those are http.Client's or the caller's.
func (t *transport) pass(req *http.Request) (*http.Response, error) {
	base := t.base
	if certified, ok := base.(certified); ok {
		base = certified.For(nil)
	}
	return send(base, req, req)
}

// token asks the source, and returns the token with its header value.
func (s *session) token(ctx context.Context) (*Token, string, error) {
	if s.closed.Load() {
		return nil, "", ErrClosed
	}
	tok, err := s.source.Token(ctx)
	if err != nil {
		return nil, "", err
	}
	value, err := headerValue(tok)
	return tok, value, err
}

// headerValue returns tok's Authorization. It believes a source only so far: whoever implements one may forget a case, and
// an empty token must not be sent.
func headerValue(tok *Token) (string, error) {
	value := tok.Authorization()
	if value == "" || value[len(value)-1] == ' ' { // no token, or nothing after the scheme
		return "", errNoToken
	}
	return value, nil
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the base.
func (t *transport) CloseIdleConnections() {
	if base, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		base.CloseIdleConnections()
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}
