package wire

import (
	"net/netip"
	"net/url"
	"strings"
)

const plainPort = "80"

// PlainHTTPAllowed reports whether credentials may be sent to u as far as the transport's secrecy is concerned: always
// over https; over http only to this machine (localhost, 127.0.0.0/8, ::1) or to what allow names as "host" (any port)
// or "host:port", whatever the case, or "*" for any host. Every other scheme is refused, and so is a nil u.
//
// It does not allocate for https and for loopback addresses: it is asked once per request.
func PlainHTTPAllowed(u *url.URL, allow []string) bool {
	switch {
	case u == nil:
		return false
	case strings.EqualFold(u.Scheme, "https"):
		return true
	case !strings.EqualFold(u.Scheme, "http"):
		return false
	}
	host := strings.TrimSuffix(u.Hostname(), ".")
	if host == "" {
		return false
	}
	if isLoopback(host) {
		return true
	}
	port := u.Port()
	if port == "" {
		port = plainPort
	}
	for _, entry := range allow {
		if entry == "*" {
			return true
		}
		h, p := splitEntry(entry)
		if strings.EqualFold(h, host) && (p == "" || p == port) {
			return true
		}
	}
	return false
}

// ValidHostEntry reports whether entry has a form that [PlainHTTPAllowed]
// understands. A URL does not: listed by mistake, it would match nothing.
func ValidHostEntry(entry string) bool {
	if entry == "*" {
		return true
	}
	host, port := splitEntry(entry)
	if host == "" || strings.HasSuffix(entry, ":") || strings.ContainsAny(host, "/?#@*[] \t\r\n") {
		return false
	}
	if strings.Contains(host, ":") {
		if _, err := netip.ParseAddr(host); err != nil {
			return false
		}
	}
	return strings.Trim(port, "0123456789") == ""
}

// isLoopback goes by the name and never asks a resolver: its result could change between this question and the dial.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	// Parsing a name would fail, and failing allocates.
	if c := host[0]; (c < '0' || c > '9') && !strings.Contains(host, ":") {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

// splitEntry takes "host", "host:port", "[v6]", "[v6]:port" or a bare v6 address apart. port is "" if none was given.
func splitEntry(entry string) (host, port string) {
	if rest, ok := strings.CutPrefix(entry, "["); ok {
		if h, p, ok := strings.Cut(rest, "]"); ok && (p == "" || p[0] == ':') {
			return h, strings.TrimPrefix(p, ":")
		}
		return entry, ""
	}
	if strings.Count(entry, ":") == 1 {
		host, port, _ = strings.Cut(entry, ":")
	} else {
		host = entry
	}
	return strings.TrimSuffix(host, "."), port
}
