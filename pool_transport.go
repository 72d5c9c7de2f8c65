package alf

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/alf-go/alf/internal/transport"
)

// originTarget is an entry of PoolConfig.Origins.
type originTarget struct {
	origin string
	target *PreparedTarget
}

// HTTPClient returns an *http.Client for code that makes requests for several targets, such as an SDK: each
// request gets the token of the target that its context names ([WithTarget]), or that PoolConfig.Origins names for
// where it goes. It is a copy: changing its Timeout or Jar has no effect elsewhere.
func (p *Pool) HTTPClient() *http.Client {
	c := *p.shared.http
	c.Transport = p.Transport(nil)
	return &c
}

// Transport returns an http.RoundTripper that does what that of [Pool.HTTPClient] does, and sends the requests through
// base. Nil means the pool's own base transport.
func (p *Pool) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = p.shared.base
	}
	return &poolTransport{p.pool, base}
}

// ClientFor returns the client whose token a request to origin ("https://api.example.com:443", the path may follow)
// gets by the rules of [Pool.HTTPClient]: that of the target that ctx names ([WithTarget]), or that PoolConfig.Origins
// names for the origin, or of the zero Target. It is for code that sends requests itself, such as package alfgrpc. It
// fails with an [ErrRefused] where HTTPClient refuses a request because of PoolConfig.Origins. Closing the client
// closes nothing else.
func (p *Pool) ClientFor(ctx context.Context, origin string) (*Client, error) {
	target := targetOf(ctx)
	switch {
	case len(p.origins) > 0:
		u, err := url.Parse(origin)
		if err != nil {
			return nil, fmt.Errorf("%w: its target is not the URL of an origin", ErrRefused)
		}
		req := (&http.Request{URL: u, Host: u.Host}).WithContext(ctx)
		if target, err = (&poolTransport{p.pool, nil}).targetFor(req); err != nil {
			return nil, err
		}
	case target == nil:
		target = zeroTarget
	}
	return p.clientOf(target), nil
}

// poolTransport adds the token of each request's target.
type poolTransport struct {
	*pool
	base http.RoundTripper
}

// RoundTrip sends req with the token of its target; see [Client.Transport].
func (t *poolTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	target, err := t.targetFor(req)
	if err != nil {
		t.counters.Refused.Add(1)
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	return t.clientOf(target).session.Over(t.base).RoundTrip(req)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the base.
func (t *poolTransport) CloseIdleConnections() {
	if b, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		b.CloseIdleConnections()
	}
}

// Format prints the type's name, whatever the verb.
func (poolTransport) Format(f fmt.State, _ rune) { io.WriteString(f, "alf.PoolTransport") }

// zeroTarget is that of a request that names none.
var zeroTarget = PrepareTarget(Target{})

// targetFor says which token a request gets. A redirected request has the target of the one that the caller made: that
// client knows whether the token may go along.
func (t *poolTransport) targetFor(req *http.Request) (*PreparedTarget, error) {
	named := targetOf(req.Context())
	if len(t.origins) == 0 {
		if named == nil {
			named = zeroTarget
		}
		return named, nil
	}
	first := req
	for first.Response != nil && first.Response.Request != nil {
		first = first.Response.Request
	}
	listed, err := t.listed(first)
	switch {
	case err != nil:
		return nil, err
	case named != nil && named.key != listed.key:
		return nil, fmt.Errorf("%w: its context names another target than PoolConfig.Origins: remove one of the two", ErrRefused)
	}
	return listed, nil
}

// listed is the target that the table of origins names.
func (t *poolTransport) listed(req *http.Request) (*PreparedTarget, error) {
	if req.URL == nil {
		return nil, fmt.Errorf("%w: it has no URL", ErrRefused)
	}
	for i := range t.origins {
		if transport.SameOrigin(t.origins[i].origin, req) {
			return t.origins[i].target, nil
		}
	}
	shown := (&url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}).String()
	return nil, fmt.Errorf("%w: %s is not among PoolConfig.Origins: add it there if it may have a token", ErrRefused, shown)
}

// originsOf are the origins that the token of a target may go to; nil: see Config.Origins.
func (p *pool) originsOf(t *PreparedTarget) []string {
	if len(p.cfg.Origins) == 0 {
		return p.cfg.Config.Origins
	}
	var origins []string
	for origin, target := range p.cfg.Origins {
		if target.key() == t.key {
			origins = append(origins, origin)
		}
	}
	if origins == nil {
		origins = []string{nowhere}
	}
	return origins
}

// nowhere is an origin that no request goes to: with a table of origins, a target that is not in it has none.
const nowhere = "https://target-without-an-origin.invalid"
