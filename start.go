package alf

import (
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
	c.base = c.http.Transport
	if c.base == nil {
		c.base = c.newBase()
	}
	c.source = cfg.Manager
	if c.source == nil {
		if err := c.startManager(cfg); err != nil {
			return err
		}
	}
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

// startManager makes the token manager, and the fetcher unless Config has one.
func (c *client) startManager(cfg Config) error {
	tokens := cfg.Fetcher
	if tokens == nil {
		f, err := fetcher.New(cfg.FetcherConfig())
		if err != nil {
			return err
		}
		tokens = f
		c.closers = append(c.closers, func() error { f.CloseIdleConnections(); return nil })
		if cfg.Certificate != nil {
			c.presentCertificate(f)
		}
	}
	m, err := manager.New(cfg.ManagerConfig(tokens))
	if err != nil {
		return err
	}
	c.source = m
	// The manager first: its fetch may be using a connection.
	c.closers = append([]func() error{m.Close}, c.closers...)
	return nil
}

// newBase makes a transport for requests to the APIs. A replaced http.DefaultTransport is used as it is.
func (c *client) newBase() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	own := standard.Clone()
	// Most requests go to one host, of which the default keeps only 2 connections: under load nearly every request would
	// dial.
	own.MaxIdleConns = 0
	own.MaxIdleConnsPerHost = 1024
	c.closers = append(c.closers, func() error { own.CloseIdleConnections(); return nil })
	return own
}

// presentCertificate gives the requests to the APIs connections of their own, which present the certificate that their token
// was fetched with. Validate made sure that the base is an *http.Transport, except for a replaced http.DefaultTransport.
func (c *client) presentCertificate(f *fetcher.Fetcher) {
	template, ok := c.base.(*http.Transport)
	if !ok {
		template = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	}
	base := transport.NewMTLS(template, f.Certificate)
	c.base = base
	c.closers = append(c.closers, func() error {
		base.(interface{ CloseIdleConnections() }).CloseIdleConnections()
		return nil
	})
}
