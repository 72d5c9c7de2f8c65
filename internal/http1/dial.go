package http1

import (
	"context"
	"crypto/tls"
	"errors"
)

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
	secured := tls.Client(c.socket, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		return causeOr(ctx, err)
	}
	state := secured.ConnectionState()
	c.stream, c.tls = secured, &state
	return nil
}
