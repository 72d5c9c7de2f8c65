package proxy

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
)

// forwarder sends the requests of one route.
type forwarder struct {
	*Route
	transport http.RoundTripper
	counters  *routeCounters
	own       *http.Transport // of this route alone; nil: it uses the client's
}

// newForwarder makes the forwarder of a route, whose token is in a pool.
func newForwarder(r *Route, c *Client, tokens *pool) forwarder {
	f, base := forwarder{Route: r}, tokens.base
	if r.HTTP2 && r.Upstream.Scheme == "http" {
		f.own = c.newUpstream(true)
		base = f.own
	}
	f.transport = tokens.Client(r.Target).Transport(r.limit(base))
	if r.Headers.Authorization == routing.Pass {
		f.transport = &passing{f.transport, r.limit(c.withoutToken(base))}
	}
	return f
}

// closeIdle closes idle connections of this route alone.
func (f *forwarder) closeIdle() {
	if f.own != nil {
		f.own.CloseIdleConnections()
	}
}

// passing sends a request with its caller's Authorization, if it has one, and without the token.
type passing struct{ withToken, without http.RoundTripper }

// RoundTrip sends req by one of the two.
func (p *passing) RoundTrip(req *http.Request) (*http.Response, error) {
	if len(req.Header["Authorization"]) > 0 {
		return p.without.RoundTrip(req)
	}
	return p.withToken.RoundTrip(req)
}

// forward sends a request on, and the response back.
func (f *forwarder) forward(out *writer, r *http.Request, match routing.Match, websocket bool) {
	ctx := r.Context()
	if out.timing != nil {
		ctx = alf.WithTrace(ctx, out.timing.trace())
	}
	p := f.newPassage(out, r, match, websocket)
	p.send(ctx)
	p.end()
}

// rewrite makes the request that is sent.
func (p *passage) rewrite(pr *httputil.ProxyRequest) {
	out := pr.Out
	path, err := url.PathUnescape(p.match.Path)
	if err != nil {
		path = p.match.Path // which Decide has refused
	}
	*out.URL = url.URL{Scheme: p.Upstream.Scheme, Host: p.Upstream.Host, Path: path, RawPath: p.match.Path, RawQuery: p.match.Query}
	out.Host = ""
	if p.Headers.Host == routing.Pass {
		out.Host = pr.In.Host
	}
	switch p.Headers.Forwarded {
	case routing.Append:
		out.Header["X-Forwarded-For"] = pr.In.Header["X-Forwarded-For"]
		pr.SetXForwarded()
	case routing.Pass:
		for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
			if values := pr.In.Header[name]; values != nil {
				out.Header[name] = values
			}
		}
	}
	p.Headers.Outgoing(out.Header, p.websocket)
	if p.body != nil {
		p.body.trailers(out)
	}
}

// modifyResponse edits the response of the upstream.
func (p *passage) modifyResponse(resp *http.Response) error {
	p.out.head(resp.StatusCode)
	p.Headers.Incoming(resp.Header)
	if resp.ProtoMajor > 1 && p.inbound.ProtoMajor == 1 && resp.Header["Content-Length"] != nil && resp.Request.Method != http.MethodHead {
		// With a length, net/http would send no trailers. Whether there are any is known at the end (RFC 9113 section
		// 8.1).
		delete(resp.Header, "Content-Length")
	}
	p.out.empty = resp.ContentLength == 0 || consistsOfTrailers(resp.Header)
	if p.body != nil && !p.out.empty && resp.StatusCode != http.StatusSwitchingProtocols {
		resp.Body = &responseBody{resp.Body, p.body}
	}
	return nil
}

// buffers are those that bodies are copied by.
type buffers struct{}

const bufferSize = 32 << 10

var bufferPool = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// Get returns a buffer.
func (buffers) Get() []byte { return bufferPool.Get().(*[bufferSize]byte)[:] }

// Put takes it back.
func (buffers) Put(b []byte) { bufferPool.Put((*[bufferSize]byte)(b)) }
