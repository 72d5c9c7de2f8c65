package transport

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// origin is where a request goes (RFC 6454 section 4), spelled as the URL spells it: normalizing would allocate, once
// per request.
type origin struct{ scheme, host, port string }

func originOf(u *url.URL) origin { return origin{u.Scheme, u.Hostname(), wire.Port(u)} }

func (o origin) same(other origin) bool {
	return o.port == other.port && equalFold(o.scheme, other.scheme) && equalFold(o.host, other.host)
}

// String is the normalized spelling, which names a rejecting origin to the token manager.
func (o origin) String() string {
	return strings.ToLower(o.scheme) + "://" + net.JoinHostPort(strings.ToLower(o.host), o.port)
}

// equalFold compares ASCII letters without case and all else as it is. strings.EqualFold would find a Kelvin sign equal
// to a k, and so two hosts the same that need not be.
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
	name    string // its normalized spelling
}

// SameOrigin reports whether req goes to an origin, by its URL and by its Host header.
func SameOrigin(entry string, req *http.Request) bool {
	listed := parseOrigins([]string{entry})
	return len(listed) == 1 && listed[0].same(originOf(req.URL)) && listed[0].same(named(req))
}

// parseOrigins reads what Config.Validate of package alf has accepted.
func parseOrigins(entries []string) []allowed {
	var origins []allowed
	for _, entry := range entries {
		if u, err := url.Parse(entry); err == nil {
			origins = append(origins, allowed{originOf(u), u.Host, originOf(u).String()})
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

// Admits reports whether the token may be sent to a target that is the name of an origin, which a path may follow, by
// code other than this package. It tries the cheap comparison with all origins first.
func (s *Session) Admits(target string) bool {
	if s.origins == nil {
		return true
	}
	for i := range s.origins {
		if path, ok := strings.CutPrefix(target, s.origins[i].name); ok && (path == "" || path[0] == '/') {
			return true
		}
	}
	u, err := url.Parse(target)
	return err == nil && s.Listed(u)
}

// named is the origin that a server goes by: the host is that of the Host header, which decides who responds behind a
// shared ingress.
func named(req *http.Request) origin {
	if req.Host == "" || req.Host == req.URL.Host {
		return originOf(req.URL)
	}
	return originOf(&url.URL{Scheme: req.URL.Scheme, Host: req.Host})
}

// target names to the token manager what a request was sent to: the origin, and the path.
func target(req *http.Request) string { return named(req).String() + req.URL.EscapedPath() }

// rejectedBy is what a source learns about where req was rejected: the origin, and the path as well if it decides by
// paths.
func (s *Session) rejectedBy(req *http.Request) string {
	if s.outcomes == nil {
		return named(req).String()
	}
	return target(req)
}

// Target is what a request to u would be named, for calls that are not HTTP requests of this client.
func Target(u *url.URL) string { return originOf(u).String() + u.EscapedPath() }

// within reports whether req goes to Config.Origins, by its URL and by its Host header.
func (s *Session) within(req *http.Request) bool {
	return s.Listed(req.URL) && (req.Host == "" || req.Host == req.URL.Host || s.Listed(&url.URL{Scheme: req.URL.Scheme, Host: req.Host}))
}

// admit reports whether req may carry the token. A request that the caller made either may or is refused with an error:
// without the token it would only fail less clearly. A redirected one was not the caller's choice; without the token it
// does no harm.
func (s *Session) admit(req *http.Request) (bool, error) {
	if req.Response != nil {
		return s.follows(req), nil
	}
	switch {
	case req.URL == nil:
		return false, fmt.Errorf("%w (set Request.URL): http: nil Request.URL", ErrRefused)
	case req.URL.Host == "" || req.URL.Scheme != "https" && !wire.PlainHTTPAllowed(req.URL, s.allowHTTP):
		return false, refuseURL(req.URL)
	case s.origins != nil && !s.within(req):
		return false, s.refuseOrigin(req)
	}
	return true, nil
}

// refuseURL ends in the words of net/http for what net/http refuses as well: libraries and users look for them there,
// to find out that sending again is useless.
func refuseURL(u *url.URL) error {
	const remedy = "use https://host/path"
	switch {
	case !equalFold(u.Scheme, "http") && !equalFold(u.Scheme, "https"):
		return fmt.Errorf("%w (%s): unsupported protocol scheme %q", ErrRefused, remedy, u.Scheme)
	case u.Host == "":
		return fmt.Errorf("%w (%s): http: no Host in request URL", ErrRefused, remedy)
	case u.Hostname() == "":
		return fmt.Errorf("%w: its URL names no host, only %q: use localhost%[2]s if this machine is meant", ErrRefused, u.Host)
	}
	return fmt.Errorf("%w: plain http would send the token in the clear: use https, or list %q in Config.AllowHTTP", ErrRefused, u.Host)
}

func (s *Session) refuseOrigin(req *http.Request) error {
	if s.Listed(req.URL) {
		return fmt.Errorf("%w: its Host header names %s, which is not among Config.Origins: add it there if it may have the token, or unset Request.Host",
			ErrRefused, named(req))
	}
	return fmt.Errorf("%w: %s is not among Config.Origins: add it there if it may have the token", ErrRefused, originOf(req.URL))
}

// follows reports whether a redirected request may carry the token: the chain has stayed where the caller wanted to go,
// or within Config.Origins. Once it has left, another server chose every URL that follows, also one that leads back. If
// the chain is broken, where the caller wanted to go is not known. Our responses have the callers' requests, so that
// chains through us are complete.
func (s *Session) follows(req *http.Request) bool {
	for hop := req; ; hop = hop.Response.Request {
		if hop == nil || hop.URL == nil || !wire.PlainHTTPAllowed(hop.URL, s.allowHTTP) {
			return false
		}
		if s.origins != nil {
			if !s.within(hop) {
				return false
			}
		} else if !originOf(hop.URL).same(originOf(req.URL)) || !named(hop).same(named(req)) {
			return false
		}
		if hop.Response == nil {
			return true
		}
	}
}
