package fetcher

import (
	"crypto/tls"
	"net/http"
	"time"

	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
)

// connections are those to the token endpoint and the issuer.
type connections struct {
	plain   *http.Client
	byCert  *mtls.Pool // nil: the client has no certificate
	timeout time.Duration
	closes  func() // idle ones; it does nothing to those of other people
}

func newConnections(cfg Config) *connections {
	client := &http.Client{}
	if cfg.TokenRequest.HTTPClient != nil {
		*client = *cfg.TokenRequest.HTTPClient
	}
	if cfg.TokenRequest.Transport != nil {
		client.Transport = cfg.TokenRequest.Transport
	}
	if cfg.TokenRequest.Timeout > 0 {
		client.Timeout = cfg.TokenRequest.Timeout
	}
	c := &connections{plain: client, timeout: client.Timeout, closes: func() {}}
	switch {
	case client.Transport == nil && cfg.TokenRequest.HTTPClient != nil:
		client.Transport = http.DefaultTransport
	case client.Transport == nil:
		own := newTransport(cfg)
		client.Transport, c.closes = own, own.CloseIdleConnections
	}
	// With a certificate all connections are the fetcher's own, and different
	// from others in that alone. Validate has seen that it can be had.
	if template, ok := client.Transport.(*http.Transport); ok && cfg.Certificate != nil {
		c.byCert = mtls.NewPool(template)
		c.closes = c.byCert.CloseIdleConnections
	}
	client.Transport = stayer{client.Transport}
	return c
}

// client makes requests on connections that show a certificate; nil for none.
func (c *connections) client(certificate *tls.Certificate) *http.Client {
	if c.byCert == nil {
		return c.plain
	}
	client := *c.plain
	client.Transport = stayer{c.byCert.For(certificate)}
	return &client
}

// metadataClient is client for reading metadata: that request holds no secret,
// so it may be redirected, if only within the issuer's own origin.
func (c *connections) metadataClient(certificate *tls.Certificate) *http.Client {
	client := *c.client(certificate)
	client.Transport = client.Transport.(stayer).base
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || wire.Origin(req.URL) != wire.Origin(via[0].URL) {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return &client
}

const maxRedirects = 3

// newTransport keeps the token endpoint's proxy, certificates and connections
// apart from those of everyone else.
func newTransport(cfg Config) *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	if cfg.TokenRequest.Proxy != nil {
		transport.Proxy = cfg.TokenRequest.Proxy
	}
	if cfg.TokenRequest.TLS != nil {
		transport.TLSClientConfig = cfg.TokenRequest.TLS
	}
	return transport
}

// stayer keeps http.Client from following a redirect, and from failing over a
// Location it cannot parse, by putting the Location where only this package
// looks: no header arrives under a name with a colon. A CheckRedirect would
// do only the first.
type stayer struct{ base http.RoundTripper }

const heldLocation = ":location"

func (s stayer) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.base.RoundTrip(req)
	if err != nil || resp == nil || resp.Header.Get("Location") == "" {
		return resp, err
	}
	held := *resp
	held.Header = resp.Header.Clone()
	held.Header[heldLocation] = held.Header["Location"]
	held.Header.Del("Location")
	return &held, nil
}

// releaseLocation undoes what stayer did and returns the Location, if any.
func releaseLocation(h http.Header) string {
	if values := h[heldLocation]; len(values) > 0 {
		delete(h, heldLocation)
		h["Location"] = values
	}
	return h.Get("Location")
}
