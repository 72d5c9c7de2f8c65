package alf

import (
	"context"
	"net/http"
	"slices"

	"github.com/alf-go/alf/internal/transport"
)

// Client is an HTTP client that manages its own access token. Make one with [New], share it between all goroutines that
// call the same APIs with the same credentials, and Close it when it is no longer needed. All methods are safe for
// concurrent use. It prints as its name only.
type Client struct {
	// A pointer, because fmt does not follow one in an unexported field.
	*client
}

// client is what a Client, its token source and its copies share.
type client struct {
	source    Source
	session   *transport.Session
	base      http.RoundTripper // for requests to the APIs
	http      *http.Client      // over session and base
	dpop      *DPoP             // Config.DPoP
	plaintext bool              // whether Config.AllowHTTP permits any host
	closers   []func() error    // of what New made itself, in this order
	of        *pool             // that looks the client up for targets of contexts; nil: none
	// open ends with the client, for a Config.Manager, which does not; nil without one.
	open context.Context
}

// New makes a client. It sends nothing until the first request needs a token. The error joins a [FieldError] for every
// setting that makes no sense.
func New(cfg Config) (*Client, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &client{dpop: cfg.DPoP, plaintext: slices.Contains(cfg.AllowHTTP, "*")}
	if err := c.start(cfg); err != nil {
		return nil, err
	}
	return &Client{c}, nil
}

// HTTPClient returns an *http.Client whose requests carry the token, for code that takes one. It is a copy: changing
// its Timeout or Jar has no effect elsewhere.
func (c *Client) HTTPClient() *http.Client {
	copied := *c.http
	return &copied
}

// Transport returns an http.RoundTripper that adds the token to requests and sends them through base, for code that has
// an http.Client of its own. Nil means the client's own base transport. All transports of a Client share its token.
//
// The retry after a 401 happens within one RoundTrip. The RoundTripper is safe for concurrent use if base is. It has a
// method CloseIdleConnections, which calls that of base, if base has one.
func (c *Client) Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = c.base
	}
	return c.session.Over(base)
}

// CloseIdleConnections closes the idle connections to the APIs; those in use are not affected.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// Close ends the client: requests that wait for a token, and all that come later, fail with [ErrClosed], unsent; those
// already sent get their responses. Close ends the token manager and closes the idle connections of the transports, as
// far as New made them. It does not close a Config.Manager, which decides itself when the calls that wait in it end,
// and no transport that the configuration brought. Further calls wait until the first one has ended. The error is
// always nil.
func (c *Client) Close() error {
	c.session.Close()
	var first error
	for _, closeOne := range c.closers {
		if err := closeOne(); first == nil {
			first = err
		}
	}
	return first
}
