package alf

import (
	"net/http"
	"sync/atomic"

	"github.com/benbjohnson/clock"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/manager"
)

// Client is an HTTP client that carries its own access token. Make one with [New], share it between all goroutines that talk
// to the same APIs with the same credentials, and Close it when it is no longer needed. All methods are safe for concurrent
// use. It prints as its name only.
type Client struct {
	// A pointer, because that is where fmt stops behind unexported fields.
	*session
}

// session is what a Client and all its transports share.
type session struct {
	source       Source
	origins      []allowed
	allowHTTP    []string
	rejected     func(*http.Response) bool
	rejectedBody bool
	dpop         *DPoP // nil: no proofs
	clock        clock.Clock

	base       http.RoundTripper
	client     *http.Client // over transport{base}
	closeOwned []func() error
	closed     atomic.Bool
	counters   counters
}

// New makes a client. It sends nothing until the first request asks for a token. The error names every setting that makes
// no sense, and what to do about each.
func New(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s := &session{
		source:       cfg.Manager,
		origins:      parseOrigins(cfg.Origins),
		allowHTTP:    append([]string(nil), cfg.AllowHTTP...),
		rejected:     cfg.Rejected,
		rejectedBody: cfg.RejectedBody,
		dpop:         cfg.DPoP,
		clock:        cfg.Clock,
	}
	if s.clock == nil {
		s.clock = clock.New()
	}
	s.client = new(http.Client)
	if cfg.HTTPClient != nil {
		*s.client = *cfg.HTTPClient
	}
	s.base = s.client.Transport
	if s.base == nil {
		s.base = s.newBase()
	}
	if s.source == nil {
		if err := s.startManager(&cfg); err != nil {
			return nil, err
		}
	}
	s.client.Transport = &transport{s, s.base}
	return &Client{s}, nil
}

// startManager makes what Config leaves to us, and remembers to close it.
func (s *session) startManager(cfg *Config) error {
	tokens := cfg.Fetcher
	if tokens == nil {
		f, err := fetcher.New(cfg.fetcherConfig())
		if err != nil {
			return err
		}
		tokens = f
		s.closeOwned = append(s.closeOwned, func() error { f.CloseIdleConnections(); return nil })
		if cfg.Certificate != nil {
			s.showCertificate(f)
		}
	}
	m, err := manager.New(cfg.managerConfig(tokens))
	if err != nil {
		return err
	}
	s.source = m
	// The manager first: its fetch may be using a connection.
	s.closeOwned = append([]func() error{m.Close}, s.closeOwned...)
	return nil
}

// newBase makes a transport for API requests. Whoever replaced http.DefaultTransport by something else wants that used.
func (s *session) newBase() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	own := standard.Clone()
	// All requests tend to go to one host, of which the default keeps only 2 connections: under load nearly every request
	// would dial.
	own.MaxIdleConns = 0
	own.MaxIdleConnsPerHost = 1024
	s.closeOwned = append(s.closeOwned, func() error { own.CloseIdleConnections(); return nil })
	return own
}

// HTTPClient returns an *http.Client whose requests carry the token, for code that takes one. It is a copy: changing its
// Timeout or Jar affects no one else.
func (c *Client) HTTPClient() *http.Client {
	copied := *c.client
	return &copied
}

// Transport returns an http.RoundTripper that adds the token to requests and sends them through base, for code that brings
// an http.Client of its own. Nil means the client's own base transport. All of a Client's transports share its token.
//
// It renews and resends within one RoundTrip. It may be used concurrently if base may. It has CloseIdleConnections, which
// reaches base if that has it.
func (c *Client) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = c.base
	}
	return &transport{c.session, base}
}

// CloseIdleConnections closes the idle connections to the APIs; those in use are not affected.
func (c *Client) CloseIdleConnections() { c.client.CloseIdleConnections() }

// Close ends the client: requests that wait for a token, and all that come later, fail with [ErrClosed], unsent; those
// already sent get their answers. It closes what New made itself (the token manager, idle connections of its own
// transports), and neither a Config.Manager, whose waits end as it decides, nor a transport it was given. Further calls wait
// for the same end.
func (c *Client) Close() error {
	c.closed.Store(true)
	var first error
	for _, closeOwned := range c.closeOwned {
		if err := closeOwned(); first == nil {
			first = err
		}
	}
	return first
}
