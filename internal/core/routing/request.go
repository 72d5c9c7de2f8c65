package routing

import "strings"

// Request is the head of a request, as the HTTP server has parsed it.
type Request struct {
	// Major and Minor are the version of HTTP.
	Major, Minor int
	// Method is the method, which is case-sensitive.
	Method string
	// Target is the request target as it was sent (RFC 9112 section 3.2): of HTTP/2 the :path.
	Target string
	// Host is the host and port it is for: of HTTP/2 the :authority, of an absolute target the one in there.
	Host string
	// Header has canonical names. It is not modified.
	Header map[string][]string
	// HasBody says that a body follows, or may follow.
	HasBody bool
	// Chunked says that the body has the transfer coding chunked. HTTP/2 has none.
	Chunked bool
}

// IsLast reports whether the connection may serve no further request, because it may be uncertain where this one ends.
// A request with a length and chunks has two ends, and so has one of HTTP/1.0 with chunks: no request may follow either
// (RFC 9112 sections 6.3 and 6.1). Neither can be recognised in what the HTTP server has parsed, so this is said of
// every request with chunks, and of HTTP/1.0.
func (r *Request) IsLast() bool { return r.Major == 1 && (r.Minor == 0 || r.Chunked) }

// values are those of a header, by its canonical name.
func (r *Request) values(name string) []string { return r.Header[name] }

// tokens calls f for each element of a header that is a list, until it returns false.
func (r *Request) tokens(name string, f func(token string) bool) {
	for _, line := range r.Header[name] {
		for element := range strings.SplitSeq(line, ",") {
			if element = strings.Trim(element, " \t"); element != "" && !f(element) {
				return
			}
		}
	}
}

// lists reports whether a list has a token, in any case.
func (r *Request) lists(name, token string) (found bool) {
	r.tokens(name, func(t string) bool { found = strings.EqualFold(t, token); return !found })
	return found
}

// upgrades reports whether the request asks for another protocol (RFC 9110 section 7.8).
func (r *Request) upgrades() bool {
	return r.Major == 1 && len(r.values("Upgrade")) > 0 && r.lists("Connection", "upgrade")
}

// Websocket reports whether the request asks for a websocket (RFC 6455 section 4.1). Requests for other protocols go on
// without that, as if this server did not know them.
func (r *Request) Websocket() bool {
	upgrade := r.values("Upgrade")
	return r.upgrades() && len(upgrade) == 1 && strings.EqualFold(strings.Trim(upgrade[0], " \t"), "websocket")
}
