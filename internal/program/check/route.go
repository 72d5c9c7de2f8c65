package check

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
)

// route is how far one request to the server got, and what was seen on the way. Its hooks are called by goroutines that
// may outlive the request.
type route struct {
	url   *url.URL
	proxy *url.URL // nil: none

	mu        sync.Mutex
	lookedUp  bool
	addresses []string
	unknown   error // the name
	connected string
	took      time.Duration
	state     *tls.ConnectionState
	refused   error // the handshake

	err    error // of the request as a whole
	status string
	date   string
	// Between these the server wrote its Date.
	sent, responded time.Time
}

// reach asks the server for anything, over connections such as the token request's. Any response will do.
func (c *checkup) reach(ctx context.Context) *route {
	if c.route != nil {
		return c.route
	}
	limited, cancel := c.limited(ctx)
	defer cancel()
	c.route = new(route)
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(limited, c.route.trace()), c.upstream.method(), c.server(), nil)
	if err != nil {
		// The settings would have been refused.
		c.route.url, c.route.err = new(url.URL), err
		return c.route
	}
	c.route.url = req.URL
	transport, err := c.transport(limited)
	if err != nil {
		c.route.err = err
		return c.route
	}
	defer transport.CloseIdleConnections()
	if own := c.Config.TokenRequest.TLS; c.upstream == nil && own != nil && own.ServerName != "" {
		transport.TLSClientConfig.ServerName = own.ServerName
	}
	if proxy, err := transport.Proxy(req); err == nil && proxy != nil {
		c.route.proxy = proxy
	}
	c.route.request(transport, req)
	return c.route
}

// transport is one of our own that presents the client's certificate.
func (c *checkup) transport(ctx context.Context) (*http.Transport, error) {
	transport := c.Config.HTTPClient.Transport.(*http.Transport).Clone()
	if c.Config.Certificate == nil {
		return transport, nil
	}
	certificate, err := c.Config.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	mtls.Present(transport, certificate)
	return transport, nil
}

// request sends the request and follows no redirect.
func (r *route) request(transport *http.Transport, req *http.Request) {
	r.sent = time.Now()
	resp, err := transport.RoundTrip(req)
	r.responded = time.Now()
	if err != nil {
		if cause := context.Cause(req.Context()); cause != nil {
			err = cause
		}
		r.err = err
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	r.status, r.date = resp.Proto+", "+wire.Status(resp.StatusCode), resp.Header.Get("Date")
}

// why is how the request ended, for what needs to say it.
func (r *route) why() string {
	if r.err == nil {
		return "it is not known why"
	}
	return r.err.Error()
}

// skew is how far the server's clock is ahead of this machine's. Its Date was written between sending and response,
// and cut to the second.
func (r *route) skew() (time.Duration, bool) {
	date, err := http.ParseTime(r.date)
	if err != nil {
		return 0, false
	}
	written := r.sent.Add(r.responded.Sub(r.sent) / 2).Round(0)
	return date.Add(500 * time.Millisecond).Sub(written), true
}

func (r *route) trace() *httptrace.ClientTrace {
	var dialled time.Time
	note := func(what func()) {
		r.mu.Lock()
		defer r.mu.Unlock()
		what()
	}
	return &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			note(func() {
				r.lookedUp, r.unknown, r.addresses = true, info.Err, nil
				for _, address := range info.Addrs {
					r.addresses = append(r.addresses, address.String())
				}
			})
		},
		ConnectStart: func(_, _ string) { note(func() { dialled = time.Now() }) },
		ConnectDone: func(_, address string, err error) {
			note(func() {
				if err == nil && r.connected == "" {
					r.connected, r.took = address, time.Since(dialled)
				}
			})
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			note(func() {
				if err != nil {
					r.refused = err
					return
				}
				r.state = &state
			})
		},
	}
}
