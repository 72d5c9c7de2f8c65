// Package http1 sends requests that have no body over HTTP/1.1 connections of its own, each on the goroutine of its
// caller, and leaves all others to an http.Transport.
//
// http.Transport has two goroutines for each connection, because a response may begin while the request's body is being
// sent. Handing a request to one and its response back by the other costs a proxy about a fifth of its throughput. A
// request without a body needs neither: it is written, and then its response is read. Parsing is net/http's.
package http1

import (
	"maps"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/alf-go/alf/internal/wire"
)

// Transport is an http.RoundTripper. It is safe for concurrent use, and does not modify requests.
//
// It sends a GET, HEAD or OPTIONS without a body itself, once its base has received a response of HTTP/1.1 from the
// same origin. All else is sent by the base: bodies, upgrades, Expect, requests through a proxy, HTTP/2. Of a
// httptrace.ClientTrace, it calls Got1xxResponse and what http.Request.Write calls.
type Transport struct {
	base    *http.Transport
	mu      sync.Mutex                        // of changes of origins
	origins atomic.Pointer[map[place]*origin] // never modified, replaced as a whole
}

// place is where an origin is.
type place struct{ scheme, host string }

// New returns a transport over base, whose dialer, TLS configuration, buffers and limits hold for its own connections
// as well: DialContext, which is required, TLSClientConfig, TLSHandshakeTimeout, MaxIdleConnsPerHost, IdleConnTimeout,
// MaxResponseHeaderBytes, ReadBufferSize, WriteBufferSize, Proxy. Compression has to be disabled. It keeps what it
// knows of each origin for as long as it lives, so it is for a few.
//
// Unlike http.Transport, it does not check the values of headers; a request without an idle connection waits for the
// one that it opens, even if another one becomes idle; and a connection that its server closes while it is idle is
// closed when it would be used, or after IdleConnTimeout.
func New(base *http.Transport) *Transport { return &Transport{base: base} }

// RoundTrip sends req. A request that finds its connection closed before anything of a response has come is sent again
// on another one, as by http.Transport. Errors: what the dialer, TLS or the connection returns; the cause of the
// request's context if that has ended.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	o := t.originOf(req)
	if o == nil {
		return t.base.RoundTrip(req)
	}
	if o.http1.Load() && t.sendsItself(req) {
		return o.roundTrip(req)
	}
	resp, err := t.base.RoundTrip(req)
	if err == nil {
		o.learn(resp)
	}
	return resp, err
}

// sendsItself reports whether req, to an origin that speaks HTTP/1.1, is one that this package sends. It may be sent
// twice, so its method must be one that changes nothing (RFC 9110 section 9.2.2).
func (t *Transport) sendsItself(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, "":
	default:
		return false
	}
	if req.Header == nil || req.Body != nil && req.Body != http.NoBody || req.Close || len(req.TransferEncoding) > 0 || len(req.Trailer) > 0 {
		return false
	}
	if len(req.Header["Upgrade"]) > 0 || len(req.Header["Expect"]) > 0 {
		return false
	}
	if t.base.Proxy == nil {
		return true
	}
	through, err := t.base.Proxy(req)
	return through == nil && err == nil
}

// originOf returns the origin of a request; nil if it is not one of this package's.
func (t *Transport) originOf(req *http.Request) *origin {
	u := req.URL
	if !available || u == nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil
	}
	at := place{u.Scheme, u.Host}
	if known := t.origins.Load(); known != nil {
		if o := (*known)[at]; o != nil {
			return o
		}
	}
	if !wire.ASCIIHost(u) {
		return nil // the base encodes it (RFC 5891)
	}
	return t.add(at, newOrigin(t.base, u))
}

// add adds an origin, unless another request has done so meanwhile.
func (t *Transport) add(at place, o *origin) *origin {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := make(map[place]*origin)
	if known := t.origins.Load(); known != nil {
		if o := (*known)[at]; o != nil {
			return o
		}
		maps.Copy(next, *known)
	}
	next[at] = o
	t.origins.Store(&next)
	return o
}

// CloseIdleConnections closes the idle connections, the base's as well. Those in use are closed when their responses
// end, unless another request is sent meanwhile.
func (t *Transport) CloseIdleConnections() {
	if known := t.origins.Load(); known != nil {
		for _, o := range *known {
			o.idle.close()
		}
	}
	t.base.CloseIdleConnections()
}
