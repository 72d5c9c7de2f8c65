package routing

import (
	"net/textproto"
	"strings"
)

// isForwarded reports whether a header says where a request came from, or what it was before a proxy changed it. Some
// frameworks take the path from X-Original-URL or X-Rewrite-URL, which would lead out of a route.
func isForwarded(name string) bool {
	switch name {
	case "Forwarded", "X-Real-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Original-Host":
		return true
	}
	return strings.HasPrefix(name, "X-Forwarded-")
}

// isAppended reports whether a proxy appends to a header, or sets it.
func isAppended(name string) bool {
	return name == "X-Forwarded-For" || name == "X-Forwarded-Host" || name == "X-Forwarded-Proto"
}

// endsHere reports whether a header is for this connection, or for this proxy. Keep-Alive and Proxy-Connection are of
// no standard, and are removed by every proxy (RFC 9110 section 7.6.1). Proxy is of no meaning, but a CGI program would
// take it for the variable HTTP_PROXY.
func endsHere(name string) bool {
	switch name {
	case "Connection", "Upgrade", "Proxy-Authorization", "Proxy-Authenticate", "Proxy-Connection", "Keep-Alive", "Http2-Settings", CallerSecret, "Proxy":
		return true
	}
	return false
}

// matters reports whether a header decides about framing, routing, credentials, content, or whether there is to be a
// response: none that a proxy may remove because Connection names it, or that may come after the body.
func matters(name string) bool {
	switch name {
	case "Host", "Content-Length", "Transfer-Encoding", "Authorization", "Proxy-Authorization", "Www-Authenticate", "Cookie", "Set-Cookie", "Dpop", CallerSecret,
		"Content-Type", "Content-Encoding", "Content-Range", "Range", "Expect", "Max-Forwards", "Cache-Control", "Pragma",
		"Age", "Date", "Expires", "Location", "Retry-After", "Vary", "Warning":
		return true
	}
	return isForwarded(name) || strings.HasPrefix(name, "Sec-") || strings.HasPrefix(name, "If-")
}

// withHyphens is the header that a server may take one for which hands headers on as variables: every character that is
// neither letter nor digit has become an underscore there.
func withHyphens(name string) string {
	isOdd := func(c rune) bool {
		return c != '-' && !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z')
	}
	if strings.IndexFunc(name, isOdd) < 0 {
		return name
	}
	return textproto.CanonicalMIMEHeaderKey(strings.Map(func(c rune) rune {
		if isOdd(c) {
			return '-'
		}
		return c
	}, name))
}
