package program

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
)

// way is how far one request to the server got, and what was seen on the way. Its hooks are called by goroutines that may
// outlive the request.
type way struct {
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
	sent, answered time.Time
}

// travel asks the server for anything, over connections such as the token request's. Any answer will do.
func (c *checkup) travel(ctx context.Context) *way {
	if c.way != nil {
		return c.way
	}
	limited, cancel := c.limited(ctx)
	defer cancel()
	c.way = new(way)
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(limited, c.way.trace()), http.MethodGet, c.server(), nil)
	if err != nil {
		// The settings would have been refused.
		c.way.url, c.way.err = new(url.URL), err
		return c.way
	}
	c.way.url = req.URL
	transport, err := c.transport(limited)
	if err != nil {
		c.way.err = err
		return c.way
	}
	defer transport.CloseIdleConnections()
	if proxy, err := transport.Proxy(req); err == nil && proxy != nil {
		c.way.proxy = proxy
	}
	c.way.request(transport, req)
	return c.way
}

// transport is one of our own that shows the client's certificate.
func (c *checkup) transport(ctx context.Context) (*http.Transport, error) {
	transport := c.config.HTTPClient.Transport.(*http.Transport).Clone()
	if c.config.Certificate == nil {
		return transport, nil
	}
	certificate, err := c.config.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	mtls.Show(transport, certificate)
	return transport, nil
}

// request sends the request and follows no redirect.
func (w *way) request(transport *http.Transport, req *http.Request) {
	w.sent = time.Now()
	resp, err := transport.RoundTrip(req)
	w.answered = time.Now()
	if err != nil {
		if cause := context.Cause(req.Context()); cause != nil {
			err = cause
		}
		w.err = err
		return
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	resp.Body.Close()
	w.status, w.date = resp.Proto+", "+statusOf(resp), resp.Header.Get("Date")
}

// why is how the request ended, for what needs to say it.
func (w *way) why() string {
	if w.err == nil {
		return "it is not known why"
	}
	return w.err.Error()
}

// skew is how far the server's clock is ahead of this machine's. Its Date was written at a time between sending and answer,
// and cut to the second.
func (w *way) skew() (time.Duration, bool) {
	date, err := http.ParseTime(w.date)
	if err != nil {
		return 0, false
	}
	written := w.sent.Add(w.answered.Sub(w.sent) / 2).Round(0)
	return date.Add(500 * time.Millisecond).Sub(written), true
}

func (w *way) trace() *httptrace.ClientTrace {
	var dialled time.Time
	note := func(what func()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		what()
	}
	return &httptrace.ClientTrace{
		DNSDone: func(info httptrace.DNSDoneInfo) {
			note(func() {
				w.lookedUp, w.unknown, w.addresses = true, info.Err, nil
				for _, address := range info.Addrs {
					w.addresses = append(w.addresses, address.String())
				}
			})
		},
		ConnectStart: func(_, _ string) { note(func() { dialled = time.Now() }) },
		ConnectDone: func(_, address string, err error) {
			note(func() {
				if err == nil && w.connected == "" {
					w.connected, w.took = address, time.Since(dialled)
				}
			})
		},
		TLSHandshakeDone: func(state tls.ConnectionState, err error) {
			note(func() {
				if err != nil {
					w.refused = err
					return
				}
				w.state = &state
			})
		},
	}
}
