package alf

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/transport"
	"github.com/alf-go/alf/manager"
)

// start makes the parts of a client whose configuration was validated.
func (c *client) start(cfg Config) error {
	c.http = new(http.Client)
	if cfg.HTTPClient != nil {
		*c.http = *cfg.HTTPClient
	}
	var certificate func(token string) *tls.Certificate
	c.source = cfg.Manager
	if c.source != nil {
		var end context.CancelFunc
		c.open, end = context.WithCancel(context.Background())
		c.closers = append(c.closers, func() error { end(); return nil })
	} else {
		var err error
		if certificate, err = c.startManager(cfg); err != nil {
			return err
		}
	}
	c.base = c.newBase(certificate)
	now := cfg.Clock
	if now == nil {
		now = clock.New()
	}
	c.session = transport.NewSession(transport.Config{
		Source:       c.source,
		Origins:      cfg.Origins,
		AllowHTTP:    cfg.AllowHTTP,
		Rejected:     cfg.Rejected,
		RejectedBody: cfg.RejectedBody,
		DPoP:         cfg.DPoP,
		Clock:        now,
	})
	c.http.Transport = c.session.Over(c.base)
	return nil
}

// startManager makes the token manager, and the fetcher unless Config has one. It returns the function that requests to
// the APIs get the certificate of their token from; nil if there is none.
func (c *client) startManager(cfg Config) (certificate func(token string) *tls.Certificate, err error) {
	tokens := cfg.Fetcher
	if tokens == nil {
		f, err := fetcher.New(cfg.FetcherConfig())
		if err != nil {
			return nil, err
		}
		if cfg.Certificate != nil {
			certificate = f.Certificate
		}
		if cfg.Endpoint != nil {
			c.closers = append(c.closers, cfg.Endpoint.use())
		} else {
			c.closers = append(c.closers, func() error { f.CloseIdleConnections(); return nil })
		}
		if tokens, err = wrapped(cfg, f); err != nil {
			return nil, err
		}
	}
	m, err := manager.New(cfg.ManagerConfig(tokens))
	if err != nil {
		return nil, err
	}
	c.source = m
	// The manager first: its fetch may be using a connection.
	c.closers = append([]func() error{m.Close}, c.closers...)
	return certificate, nil
}

// wrapped applies Config.WrapFetcher to the built-in fetcher.
func wrapped(cfg Config, f *fetcher.Fetcher) (Fetcher, error) { return wrapFetcher(cfg.WrapFetcher, f) }

func wrapFetcher(wrap func(Fetcher) Fetcher, f Fetcher) (Fetcher, error) {
	if wrap == nil {
		return f, nil
	}
	tokens := wrap(f)
	if tokens == nil {
		return nil, fmt.Errorf("alf: unusable Config:\n%w", &FieldError{Field: "WrapFetcher", Problem: "it returned nil", Remedy: "return a Fetcher"})
	}
	return tokens, nil
}

// newBase returns the transport for requests to the APIs: HTTPClient's, or one of the client's own. With certificates
// it is always one of its own, which Validate made sure is possible.
func (c *client) newBase(certificate func(token string) *tls.Certificate) http.RoundTripper {
	given := c.http.Transport
	if given != nil && certificate == nil {
		return given
	}
	var base http.RoundTripper
	if given == nil {
		base = transport.NewDefaultBase(certificate)
	} else {
		base = transport.NewBase(given.(*http.Transport), certificate)
	}
	if own, ok := base.(*transport.Base); ok {
		c.closers = append(c.closers, func() error { own.CloseIdleConnections(); return nil })
	}
	return base
}
