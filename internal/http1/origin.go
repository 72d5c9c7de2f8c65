package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// origin is a server, and the connections to it.
type origin struct {
	base     *http.Transport
	address  string // host and port
	hostname string
	secured  bool
	http1    atomic.Bool // it speaks HTTP/1.1, as far as is known

	mu      sync.Mutex
	idle    []*conn // in the order in which they became idle
	closing bool    // no connection becomes idle before another request is sent
	timer   *time.Timer
}

func newOrigin(base *http.Transport, u *url.URL) *origin {
	o := &origin{base: base, hostname: u.Hostname(), secured: u.Scheme == "https"}
	port := u.Port()
	switch {
	case port != "":
	case o.secured:
		port = "443"
	default:
		port = "80"
	}
	o.address = net.JoinHostPort(o.hostname, port)
	return o
}

// learn takes note of the protocol by which the base has sent a request. Upgrades always go by HTTP/1.1.
func (o *origin) learn(resp *http.Response) {
	if resp.Request != nil && len(resp.Request.Header["Upgrade"]) > 0 {
		return
	}
	if http1 := resp.ProtoMajor == 1 && resp.ProtoMinor == 1; http1 != o.http1.Load() {
		o.http1.Store(http1)
	}
}

// roundTrip sends a request.
func (o *origin) roundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	for {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		c := o.takeIdle()
		reused := c != nil
		if !reused {
			var err error
			if c, err = o.dial(ctx); err != nil {
				return nil, o.failed(ctx, err)
			}
		}
		resp, err := c.roundTrip(req, reused)
		if err == nil {
			return resp, nil
		}
		if ctx.Err() != nil || !reused || c.received {
			return nil, o.failed(ctx, err)
		}
	}
}

// failed has the base send the next request, which learns what the origin speaks now: it may have become another
// server.
func (o *origin) failed(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		o.http1.Store(false)
	}
	return causeOr(ctx, err)
}

// causeOr is err, or why the context has ended.
func causeOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// takeIdle returns the connection that was used last; nil if there is none.
func (o *origin) takeIdle() *conn {
	for {
		c := o.popIdle()
		if c == nil || c.isReadToTheEnd() {
			return c
		}
		c.abort()
	}
}

func (o *origin) popIdle() *conn {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closing = false
	last := len(o.idle) - 1
	if last < 0 {
		return nil
	}
	c := o.idle[last]
	o.idle[last] = nil
	o.idle = o.idle[:last]
	return c
}

// putIdle keeps a connection for the next request.
func (o *origin) putIdle(c *conn) {
	if !o.keep(c) {
		c.close()
	}
}

// keep reports whether it did.
func (o *origin) keep(c *conn) bool {
	c.idleSince = time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closing || len(o.idle) >= o.base.MaxIdleConnsPerHost {
		return false
	}
	o.idle = append(o.idle, c)
	if o.timer == nil && o.base.IdleConnTimeout > 0 {
		o.timer = time.AfterFunc(o.base.IdleConnTimeout, o.expire)
	}
	return true
}

// expire closes the connections that were idle for too long. It runs again as long as there are any.
func (o *origin) expire() {
	for _, c := range o.takeExpired(time.Now()) {
		c.close()
	}
}

func (o *origin) takeExpired(now time.Time) []*conn {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.timer = nil
	n := 0
	for n < len(o.idle) && now.Sub(o.idle[n].idleSince) >= o.base.IdleConnTimeout {
		n++
	}
	expired := slices.Clone(o.idle[:n])
	o.idle = slices.Delete(o.idle, 0, n)
	if len(o.idle) > 0 {
		o.timer = time.AfterFunc(o.base.IdleConnTimeout-now.Sub(o.idle[0].idleSince), o.expire)
	}
	return expired
}

// closeIdle closes those that are idle, and those that become idle next.
func (o *origin) closeIdle() {
	o.mu.Lock()
	idle := o.idle
	o.idle, o.closing = nil, true
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	o.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}

// dial opens a connection. It ends with ctx.
func (o *origin) dial(ctx context.Context) (*conn, error) {
	opened, err := o.base.DialContext(ctx, "tcp", o.address)
	if err != nil {
		return nil, err
	}
	c := newConn(o, opened)
	if !o.secured {
		return c, nil
	}
	if err := c.secure(ctx); err != nil {
		c.abort()
		return nil, err
	}
	return c, nil
}

var errHandshakeTimeout = errors.New("TLS handshake timeout")

// secure makes a TLS connection of c. It offers no HTTP/2: the base is for that.
func (c *conn) secure(ctx context.Context) error {
	cfg := new(tls.Config)
	if own := c.origin.base.TLSClientConfig; own != nil {
		cfg = own.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = c.origin.hostname
	}
	cfg.NextProtos = []string{"http/1.1"}
	if limit := c.origin.base.TLSHandshakeTimeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, errHandshakeTimeout)
		defer cancel()
	}
	secured := tls.Client(c.wire, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return causeOr(ctx, err)
	}
	state := secured.ConnectionState()
	c.stream, c.tls = secured, &state
	return nil
}
