package http1

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/alf-go/alf/internal/wire"
)

// origin is a server, and the connections to it.
type origin struct {
	base     *http.Transport
	address  string // host and port
	hostname string
	secured  bool
	http1    atomic.Bool // it speaks HTTP/1.1, as far as is known
	idle     idle
}

func newOrigin(base *http.Transport, u *url.URL) *origin {
	host := u.Hostname()
	return &origin{
		base: base, address: net.JoinHostPort(host, wire.Port(u)), hostname: host, secured: u.Scheme == "https",
		idle: idle{most: base.MaxIdleConnsPerHost, time: base.IdleConnTimeout},
	}
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
		c := o.idle.take()
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
