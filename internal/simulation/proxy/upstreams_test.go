package proxy_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

func urlOf(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// upstreams are the servers behind the proxy: package sim verifies the tokens, and here is decided what else becomes of
// a request. Whatever arrives is held against the route that it may have come by.
type upstreams struct {
	*world
	next http.RoundTripper

	mu   sync.Mutex
	sent map[string]*arrivals // by request
}

// arrivals are what came of one request of a caller.
type arrivals struct {
	caller *request
	tokens []*issued // of each time it was sent, nil if it was the caller's own
	served int       // how often it was carried out
}

// RoundTrip is a request that the proxy sends.
func (u *upstreams) RoundTrip(req *http.Request) (*http.Response, error) {
	place := u.placeOf(req.URL.Host)
	if place == nil {
		u.fail("X2", "a request went to %s", req.URL.Host)
		return nil, errors.New("no such host")
	}
	a := u.arrive(place, req)
	now := time.Now()
	switch {
	case u.troubles.overlaps(upstreamDown, place.name, now, now, 0):
		closeBody(req)
		if now.UnixNano()%3 == 0 {
			return broken(req, http.StatusServiceUnavailable), nil
		}
		return nil, syscall.ECONNREFUSED
	case u.troubles.overlaps(upstreamSlow, place.name, now, now, 0):
		select {
		case <-time.After(20 * time.Second):
		case <-req.Context().Done():
			closeBody(req)
			return nil, context.Cause(req.Context())
		}
	}
	resp, err := u.carryOut(a, req)
	if err != nil {
		return nil, err
	}
	if a != nil && resp.StatusCode == http.StatusOK {
		u.mu.Lock()
		a.served++
		u.mu.Unlock()
	}
	if place.grpc && resp.StatusCode == http.StatusUnauthorized {
		resp.Body.Close()
		refused := broken(req, http.StatusOK)
		refused.Header.Set("Content-Type", "application/grpc")
		refused.Header.Set("Grpc-Status", "16")
		return refused, nil
	}
	return resp, nil
}

// carryOut has package sim look at the token, unless the credentials are the caller's own.
func (u *upstreams) carryOut(a *arrivals, req *http.Request) (*http.Response, error) {
	u.mu.Lock()
	var token *issued
	own := a != nil && len(a.tokens) > 0
	if own {
		token = a.tokens[len(a.tokens)-1]
		own = token == nil
	}
	u.mu.Unlock()
	switch {
	case own:
		return respond(req, received(req)), nil
	case u.weighings > 0 && token != nil:
		return forgetful{u.world}.serve(token, req)
	}
	return u.next.RoundTrip(req)
}

// received is a request as its server sees it.
func received(req *http.Request) *http.Request {
	in := req.Clone(req.Context())
	in.Host = cmp.Or(in.Host, in.URL.Host)
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

// respond has the API respond.
func respond(req, in *http.Request) *http.Response {
	r := httptest.NewRecorder()
	api(r, in)
	resp := r.Result()
	resp.Request = req
	return resp
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		req.Body.Close()
	}
}

// broken is a response without content.
func broken(req *http.Request, status int) *http.Response {
	return &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"X-Upstream": {"broken"}}, Body: http.NoBody, Request: req,
	}
}

// never are headers that go to no upstream of this world.
var never = []string{
	"Alf-Caller-Secret", "Proxy-Authorization", "Proxy-Connection", "Keep-Alive", "Connection", "Upgrade", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host",
	"X-Forwarded-Proto", "X-Real-Ip", "X_forwarded_for", "X-Original-Url", "Sec-Fetch-Mode",
}

// arrive holds what arrived against X2.
func (u *upstreams) arrive(p *place, req *http.Request) *arrivals {
	for _, name := range never {
		if req.Header[name] != nil {
			u.fail("X2", "%s went to %s", name, p.name)
		}
	}
	id := req.Header.Get("X-Request-Id")
	u.mu.Lock()
	defer u.mu.Unlock()
	a := u.sent[id]
	if a == nil {
		u.fail("X2", "a request %q that is not under way went to %s", id, p.name)
		return nil
	}
	if a.caller.place == nil || a.caller.place.name != p.name {
		u.fail("X2", "request %s went to %s", a.caller, p.name)
		return a
	}
	path := req.URL.EscapedPath()
	if !strings.HasPrefix(path, p.under()) || req.Host != "" && req.Host != p.host {
		u.fail("X2", "request %s went to %s%s", a.caller, req.Host, path)
	}
	if cookie := req.Header.Get("Cookie"); (cookie != "") != (p.name == "pay") {
		u.fail("X2", "the cookie at %s is %q", p.name, cookie)
	}
	credentials := req.Header["Authorization"]
	if len(credentials) != 1 {
		u.fail("X2", "%d Authorization headers at %s", len(credentials), p.name)
		return a
	}
	if a.caller.own != "" && p.name == "own" {
		if credentials[0] != a.caller.own {
			u.fail("X2", "the caller's own Authorization did not arrive at %s", p.name)
		}
		u.cover("a caller's own Authorization")
		a.tokens = append(a.tokens, nil)
		return a
	}
	value, ok := strings.CutPrefix(credentials[0], "Bearer ")
	token := u.record.token(value)
	switch {
	case !ok || token == nil:
		u.fail("X2", "the Authorization at %s is no token of this world", p.name)
	case token.target != p.target():
		u.fail("X2", "the token at %s is for %s", p.name, token.target)
	}
	a.tokens = append(a.tokens, token)
	if len(a.tokens) > 2 {
		u.fail("C3", "request %s was sent %d times", a.caller, len(a.tokens))
	}
	if len(a.tokens) == 2 {
		u.cover("a retry")
	}
	return a
}

// api is what requests with a good token reach.
func api(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	h.Set("X-Read", strconv.FormatInt(n, 10))
	h.Set("Set-Cookie", "upstream=1")
	h.Set("Alf-Error", "a lie")
	if r.Host == "rpc.example" {
		h.Set("Content-Type", "application/grpc")
		h.Set("Trailer", "Grpc-Status")
		_, _ = w.Write([]byte("message"))
		h.Set("Grpc-Status", "0")
		return
	}
	_, _ = w.Write([]byte(r.Header.Get("X-Request-Id")))
}
