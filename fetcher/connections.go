package fetcher

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
)

// connections are those to the token endpoint and the issuer.
type connections struct {
	plain *http.Client
	// byCertificate is nil if the client has no certificate.
	byCertificate *mtls.Pool
	timeout       time.Duration
	// shared says that clients with and without certificates use them.
	shared bool
	// closeIdle closes idle connections of the fetcher's own; it does nothing to a transport of the caller's.
	closeIdle func()
	// suspect is set after a time-out, until the next request.
	suspect atomic.Bool
}

func newConnections(cfg Config) *connections {
	settings := &cfg.TokenRequest
	client := &http.Client{}
	if settings.HTTPClient != nil {
		*client = *settings.HTTPClient
	}
	if settings.Transport != nil {
		client.Transport = settings.Transport
	}
	if settings.Timeout > 0 {
		client.Timeout = settings.Timeout
	}
	c := &connections{plain: client, timeout: client.Timeout, closeIdle: func() {}}
	switch {
	case client.Transport == nil && settings.HTTPClient != nil:
		client.Transport = http.DefaultTransport
	case client.Transport == nil:
		client.Transport, c.closeIdle = newTransport(cfg)
	}
	// With a certificate, all connections are the fetcher's own, and differ from others in that alone. Validate has
	// checked that the transport is suitable.
	if template, ok := client.Transport.(*http.Transport); ok && cfg.Certificate != nil {
		c.byCertificate = mtls.NewPool(template)
		c.closeIdle = c.byCertificate.CloseIdleConnections
	}
	client.Transport = noRedirects{client.Transport}
	return c
}

// client returns a client whose connections present a certificate; nil for none.
//
// After a time-out, idle connections are closed once more: at the time-out itself, the connection of the request that
// timed out may not have been idle yet.
func (c *connections) client(certificate *tls.Certificate) *http.Client {
	if c.suspect.Swap(false) {
		c.closeIdle()
	}
	if c.byCertificate == nil || c.shared && certificate == nil {
		return c.plain
	}
	client := *c.plain
	client.Transport = noRedirects{c.byCertificate.For(certificate)}
	return &client
}

// failed notes that an exchange ended with an error. A time-out may mean that the connection is dead without either end
// having noticed, as when a load balancer forgot it: the next attempt must not be sent on it (C9). HTTP/1.1 closes
// the connection of a request that timed out by itself, HTTP/2 keeps it.
func (c *connections) failed(ctx context.Context, err error) {
	var timed interface{ Timeout() bool }
	if ctx.Err() != nil || errors.As(err, &timed) && timed.Timeout() {
		c.suspect.Store(true)
		c.closeIdle()
	}
}

// metadataClient is client for requests of metadata. They carry no credentials, so they may be redirected, but only
// within the issuer's own origin.
func (c *connections) metadataClient(certificate *tls.Certificate) *http.Client {
	client := *c.client(certificate)
	client.Transport = client.Transport.(noRedirects).base
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || wire.Origin(req.URL) != wire.Origin(via[0].URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &client
}

const maxRedirects = 3
