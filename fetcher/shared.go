package fetcher

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/internal/mtls"
)

// EndpointConfig says where a token endpoint is and how to connect to it. TokenURL or Issuer is required.
type EndpointConfig struct {
	// TokenURL is the address of the token endpoint, as [Config].TokenURL.
	TokenURL string
	// Issuer is the identifier of an authorization server, as [Config].Issuer. It excludes TokenURL.
	Issuer string
	// AllowHTTP lists hosts to which plain http is allowed, as [Config].AllowHTTP.
	AllowHTTP []string
	// TokenRequest has the settings of the connection, as [Config].TokenRequest. Its Header applies to the requests
	// of all clients; a header of the same name in a client's own Config takes its place.
	TokenRequest TokenRequest
	// Clock is the clock by which metadata become outdated. Nil: the real one.
	Clock clock.Clock
}

// Endpoint is a token endpoint that several Fetchers share (E1): their requests use the same connections, and the
// issuer's metadata are read once for all of them. Connections that present a client certificate are used for requests
// with that certificate alone. Make one with [NewEndpoint] and set it as [Config].Endpoint; the zero value is unusable.
// It is safe for concurrent use, and prints as the endpoint's address.
type Endpoint struct {
	// A function, because fmt and the like cannot print what is in one.
	shared func() *shared
}

// shared is the state behind an Endpoint.
type shared struct {
	cfg         Config
	connections *connections
	metadata    sharedMetadata
}

// NewEndpoint checks cfg as a whole and returns an Endpoint for it, or the error of [EndpointConfig.Validate].
func NewEndpoint(cfg EndpointConfig) (*Endpoint, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &shared{cfg: cfg.config().clone()}
	s.connections = newConnections(s.cfg)
	var callers http.RoundTripper
	if r := &s.cfg.TokenRequest; r.HTTPClient != nil || r.Transport != nil {
		callers = r.base()
	}
	s.connections.shareByCertificate(callers)
	s.metadata.reading = make(chan struct{}, 1)
	return &Endpoint{shared: func() *shared { return s }}, nil
}

// config is the part of a Config that an EndpointConfig stands for.
func (c *EndpointConfig) config() Config {
	return Config{TokenURL: c.TokenURL, Issuer: c.Issuer, AllowHTTP: c.AllowHTTP, TokenRequest: c.TokenRequest, Clock: c.Clock}
}

// Validate returns everything that is wrong with the configuration as one error made by errors.Join. Each part is a
// *[FieldError]; none repeats a value that might be secret. [NewEndpoint] calls it.
func (c EndpointConfig) Validate() error {
	var p problems
	part := c.config()
	part.validateEndpoint(&p)
	part.TokenRequest.validate(&p, &part)
	return errors.Join(p...)
}

// CloseIdleConnections closes the idle connections of the transports that the Endpoint made itself. It does nothing
// to a transport of the caller's. No Fetcher that uses the Endpoint closes them.
func (e *Endpoint) CloseIdleConnections() { e.shared().connections.closeIdle() }

// String returns the endpoint's address, without its query.
func (e *Endpoint) String() string {
	if e == nil || e.shared == nil {
		return "fetcher.Endpoint(unusable)"
	}
	return "fetcher.Endpoint(" + e.Address() + ")"
}

// Address is the endpoint's address or its issuer, without the query, which may hold a secret.
func (e *Endpoint) Address() string { return e.shared().cfg.redactedEndpoint() }

// Format prints the address, whatever the verb.
func (e *Endpoint) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(e.String())) }

// MarshalText returns the address.
func (e *Endpoint) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// with returns a configuration whose fields about the endpoint are the shared ones.
func (s *shared) with(c Config) Config {
	c.TokenURL, c.Issuer, c.AllowHTTP = s.cfg.TokenURL, s.cfg.Issuer, s.cfg.AllowHTTP
	own := c.TokenRequest.Header
	c.TokenRequest = s.cfg.TokenRequest
	c.TokenRequest.Header = s.cfg.TokenRequest.Header.Clone()
	for name, values := range own {
		c.TokenRequest.Header.Del(name)
		for _, value := range values {
			c.TokenRequest.Header.Add(name, value)
		}
	}
	return c
}

// validateShared checks a configuration that has an Endpoint.
func (c *Config) validateShared(p *problems) {
	if c.Endpoint.shared == nil {
		p.add("Endpoint", "use NewEndpoint", "was not made by NewEndpoint")
		return
	}
	for _, excluded := range []struct {
		field string
		set   bool
	}{
		{"TokenURL", c.TokenURL != ""},
		{"Issuer", c.Issuer != ""},
		{"TokenRequest.HTTPClient", c.TokenRequest.HTTPClient != nil},
		{"TokenRequest.Transport", c.TokenRequest.Transport != nil},
		{"TokenRequest.Proxy", c.TokenRequest.Proxy != nil},
		{"TokenRequest.TLS", c.TokenRequest.TLS != nil},
		{"TokenRequest.Renegotiation", c.TokenRequest.Renegotiation != 0},
		{"TokenRequest.Timeout", c.TokenRequest.Timeout != 0},
	} {
		if excluded.set {
			p.add(excluded.field, "set it where the Endpoint is made, or remove one of the two", "excluded by Endpoint, which has it")
		}
	}
	if len(*p) == 0 {
		whole := c.Endpoint.shared().with(*c)
		whole.validateEndpoint(p)
		whole.TokenRequest.validate(p, &whole)
	}
}

// sharedMetadata is the issuer's document as it was read last, for all clients. Each checks it against its own
// settings.
type sharedMetadata struct {
	// reading has room for the one client that reads the document.
	reading chan struct{}
	// current is replaced by the client that reads.
	current atomic.Pointer[document]
}

// locateShared is locate for clients that share an Endpoint: one of them reads the document, and the others wait for it
// no longer than their attempts last. While it is read again, they use the previous one.
func (c *client) locateShared(ctx context.Context, creds *credentials) (*endpoint, *failure) {
	m := &c.shared.metadata
	if current := m.current.Load(); current != nil && !current.outdated(c.now()) {
		return c.adopt(current, creds)
	}
	select {
	case m.reading <- struct{}{}:
	default:
		if current := m.current.Load(); current != nil {
			return c.adopt(current, creds)
		}
		select {
		case m.reading <- struct{}{}:
		case <-ctx.Done():
			return nil, (&failure{endpoint: newEndpoint(c.cfg.Issuer), credentials: creds}).broken(ctx, context.Cause(ctx))
		}
	}
	defer func() { <-m.reading }()
	current := m.current.Load()
	switch {
	case current != nil && !current.outdated(c.now()):
	case current == nil:
		found, failed := c.discover(ctx, creds)
		if failed != nil {
			return nil, failed
		}
		current = &document{endpoint: found.metadata.endpoint(), read: c.now(), body: found.body}
		m.current.Store(current)
	default:
		patient, cancel := context.WithTimeout(ctx, metadataPatience)
		defer cancel()
		again := &document{endpoint: current.endpoint, read: c.now(), body: current.body}
		if found, failed := c.discover(patient, creds); failed == nil {
			again.endpoint, again.body = found.metadata.endpoint(), found.body
		} else {
			again.doubted.Store(true) // not sooner again than after a rest
		}
		m.current.Store(again)
		current = again
	}
	return c.adopt(current, creds)
}

// adopt checks a document that another client may have read. The result is remembered until there is another one.
func (c *client) adopt(shared *document, creds *credentials) (*endpoint, *failure) {
	if own := c.discovery.current.Load(); own != nil && own.of == shared {
		return own.endpoint, nil
	}
	found, problem := c.cfg.metadata(shared.body, creds)
	if problem != nil {
		problem.kind = ErrMetadata
		failed := &failure{endpoint: shared.endpoint, credentials: creds}
		return nil, failed.because(problem)
	}
	own := &document{endpoint: found.endpoint(), read: shared.read, of: shared}
	c.discovery.current.Store(own)
	return own.endpoint, nil
}

func (c *client) now() time.Time { return c.cfg.Clock.Now().Round(0) }

// shareByCertificate prepares connections of clients with and without certificates. What presents a certificate is made
// when the first client with one comes. callers is nil unless the transport is the caller's.
func (c *connections) shareByCertificate(callers http.RoundTripper) {
	base := c.plain.Transport.(noRedirects).base
	if follows, ok := base.(*followsDefault); ok {
		base = follows.own
		keepIdle(follows.own)
	} else if own, ok := base.(*http.Transport); ok && callers == nil {
		keepIdle(own)
	}
	c.shared = true
	if template, ok := base.(*http.Transport); ok {
		closePlain := c.closeIdle
		c.byCertificate = mtls.NewSharedPool(template)
		c.closeIdle = func() {
			closePlain()
			c.byCertificate.CloseIdleConnections()
		}
	}
}

// keepIdle keeps as many idle connections as there may be requests in flight by default (E1): net/http would keep two,
// and open most connections again.
func keepIdle(own *http.Transport) {
	const inFlight = 64
	own.MaxIdleConnsPerHost = max(own.MaxIdleConnsPerHost, inFlight)
}
