package transport

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// origin is where a request goes (RFC 6454 section 4), spelled as the URL spells it: normalizing would allocate, once per
// request.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin {
	o := origin{u.Scheme, u.Hostname(), u.Port()}
	if o.port == "" {
		switch {
		case equalFold(o.scheme, "https"):
			o.port = "443"
		case equalFold(o.scheme, "http"):
			o.port = "80"
		}
	}
	return o
}

func (o origin) same(other origin) bool {
	return o.port == other.port && equalFold(o.scheme, other.scheme) && equalFold(o.host, other.host)
}

// String is the normalized spelling, which names a rejecting origin to the token manager.
func (o origin) String() string {
	return strings.ToLower(o.scheme) + "://" + net.JoinHostPort(strings.ToLower(o.host), o.port)
}

// equalFold compares ASCII letters without case and all else as it is. strings.EqualFold would find a Kelvin sign equal to
// a k, and so two hosts the same that need not be.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && (lower(a[i]) != lower(b[i])) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// allowed is an entry of Config.Origins.
type allowed struct {
	origin
	spelled string // its host and port as configured, which is how they mostly come back in URLs
}

// parseOrigins reads what Config.Validate of package alf has accepted.
func parseOrigins(entries []string) []allowed {
	var origins []allowed
	for _, entry := range entries {
		if u, err := url.Parse(entry); err == nil {
			origins = append(origins, allowed{originOf(u), u.Host})
		}
	}
	return origins
}

// HasOrigins reports whether Config.Origins limits where the token may go.
func (s *Session) HasOrigins() bool { return s.origins != nil }

// Listed reports whether u's origin is in Config.Origins. It tries the cheap comparison with all of them first.
func (s *Session) Listed(u *url.URL) bool {
	for i := range s.origins {
		if o := &s.origins[i]; u.Host == o.spelled && u.Scheme == o.scheme {
			return true
		}
	}
	o := originOf(u)
	for i := range s.origins {
		if s.origins[i].same(o) {
			return true
		}
	}
	return false
}

// admit reports whether req may carry the token. A request the caller made themselves either may or is refused with an
// error: sent without a token it would only fail less clearly. A redirected one was not their choice; without the
// token it does no harm.
func (s *Session) admit(req *http.Request) (bool, error) {
	if req.Response != nil {
		return s.follows(req), nil
	}
	switch {
	case req.URL == nil:
		return false, fmt.Errorf("%w: it has no URL", ErrRefused)
	case req.URL.Scheme != "https" && !wire.PlainHTTPAllowed(req.URL, s.allowHTTP):
		return false, s.refusePlain(req.URL)
	case s.origins != nil && !s.Listed(req.URL):
		return false, fmt.Errorf("%w: %s is not among Config.Origins: add it there if it may have the token", ErrRefused, originOf(req.URL))
	}
	return true, nil
}

func (s *Session) refusePlain(u *url.URL) error {
	if !equalFold(u.Scheme, "http") {
		return fmt.Errorf("%w: the URL's scheme is %q: use https", ErrRefused, u.Scheme)
	}
	return fmt.Errorf("%w: plain http would send the token in the clear: use https, or list %q in Config.AllowHTTP", ErrRefused, u.Host)
}

// follows reports whether a redirected request may carry the token: it stays where the caller wanted to go, or within
// Config.Origins.
func (s *Session) follows(req *http.Request) bool {
	if req.URL == nil || !wire.PlainHTTPAllowed(req.URL, s.allowHTTP) {
		return false
	}
	if s.origins != nil {
		return s.Listed(req.URL)
	}
	first := firstHop(req)
	return first != nil && originOf(first.URL).same(originOf(req.URL))
}

// firstHop finds the request that a chain of redirects began with, or nil if the chain is broken: then it is not known where
// the caller wanted to go. Our responses carry the caller's requests, so that chains through us are whole.
func firstHop(req *http.Request) *http.Request {
	for req.Response != nil {
		if req = req.Response.Request; req == nil {
			return nil
		}
	}
	if req.URL == nil {
		return nil
	}
	return req
}
