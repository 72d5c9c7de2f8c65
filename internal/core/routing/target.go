package routing

import (
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// splitTarget returns the path and the query of a request target (RFC 9112 section 3.2). An absolute target is that of
// a request to this server, because its host was found to be served; only http may be named there. HTTP/2 has no such
// form (RFC 9113 section 8.3.1).
func splitTarget(r *Request) (path, query string, refusal *Refusal) {
	target := r.Target
	if r.Major == 1 && len(target) > 7 && strings.EqualFold(target[:7], "http://") {
		target = target[7:]
		authority := target
		if i := strings.IndexAny(target, "/?"); i >= 0 {
			authority = target[:i]
		}
		if authority != r.Host {
			return "", "", ambiguous("the request target names another host than Host, or a user")
		}
		if target = target[len(authority):]; !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
	}
	if !strings.HasPrefix(target, "/") {
		return "", "", ambiguous("the request target has to be a path, or a URL with http://")
	}
	path, query, _ = strings.Cut(target, "?")
	query, refusal = readQuery(query)
	return path, query, refusal
}

// readQuery refuses what would end a query, or the line that it is in. HTTP/2 has no line, and lets spaces through.
func readQuery(query string) (string, *Refusal) {
	beyond := false
	for i := range len(query) {
		switch c := query[i]; {
		case c <= ' ' || c == 0x7f || c == '#':
			return "", ambiguous("the query has spaces, control characters or a fragment, which have to be percent-encoded")
		case c > 0x7f:
			beyond = true
		}
	}
	if beyond {
		query = wire.PercentEncode(query, func(c byte) bool { return c > 0x7f })
	}
	return query, nil
}

func ambiguous(detail string) *Refusal {
	return &Refusal{Reason: Ambiguous, Status: 400, Detail: detail}
}

// unhex decodes the two digits after a percent sign.
func unhex(s string) (value byte, ok bool) {
	if len(s) < 2 {
		return 0, false
	}
	for i := range 2 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		value = value<<4 | c
	}
	return value, true
}
