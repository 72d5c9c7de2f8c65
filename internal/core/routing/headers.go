package routing

import (
	"fmt"
	"net/textproto"
	"strings"
)

// Policy is what becomes of a header that the caller sent.
type Policy int

// The policies there are. Not every header has all of them.
const (
	Refuse  Policy = iota // the request is refused
	Drop                  // it is removed
	Replace               // it is replaced by the proxy's own
	Append                // the proxy's own is appended
	Pass                  // it goes on as it is
)

var policies = [...]string{"refuse", "drop", "replace", "append", "pass"}

// String returns the policy as it is written in a configuration.
func (p Policy) String() string { return policies[p] }

// UnmarshalText reads what String returns.
func (p *Policy) UnmarshalText(text []byte) error {
	for i, name := range policies {
		if string(text) == name {
			*p = Policy(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no policy: use %s", text, strings.Join(policies[:], ", "))
}

// Headers is what becomes of the headers that concern more than the request itself.
type Headers struct {
	// Authorization: Refuse, Replace (by the token), or Pass: the caller's takes the place of the token.
	Authorization Policy
	// Cookies: Drop or Pass, for Cookie and Set-Cookie.
	Cookies Policy
	// Host: Replace (by the upstream's) or Pass.
	Host Policy
	// Forwarded: Drop, Append or Pass, for Forwarded (RFC 7239), X-Forwarded-For, -Host and -Proto, and X-Real-IP.
	Forwarded Policy
}

// admit refuses an Authorization where it may not be.
func (h *Headers) admit(r *Request) *Refusal {
	given := r.values("Authorization")
	switch {
	case len(given) > 0 && h.Authorization == Refuse:
		return &Refusal{Reason: Authorization, Status: 400, Detail: "this route adds the Authorization itself: remove the request's, or set authorization to replace or pass"}
	case len(given) > 1 && h.Authorization == Pass:
		return &Refusal{Reason: Ambiguous, Status: 400, Detail: "there are several Authorization headers: send one"}
	}
	return nil
}

// forwarded are the headers by which proxies say where a request came from.
var forwarded = []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Server", "X-Real-Ip"}

// neverSent are headers that end here: those of this connection and those for this proxy. Keep-Alive and
// Proxy-Connection are of no standard, and are removed by every proxy (RFC 9110 section 7.6.1).
var neverSent = []string{
	"Proxy-Authorization", "Proxy-Authenticate", "Proxy-Connection", "Keep-Alive", "Http2-Settings", CallerSecret,
}

// CallerSecret is the header in which a caller says the secret of a listener.
const CallerSecret = "Alf-Caller-Secret"

// Outgoing edits the header of a request that is to be sent on, from which hop-by-hop headers were removed. Its
// Authorization is left to the caller of this function.
func (h *Headers) Outgoing(header map[string][]string, websocket bool) {
	for _, name := range neverSent {
		delete(header, name)
	}
	if !websocket {
		delete(header, "Upgrade")
		delete(header, "Connection")
	}
	if h.Cookies != Pass {
		delete(header, "Cookie")
	}
	if h.Forwarded == Drop {
		for _, name := range forwarded {
			delete(header, name)
		}
	}
	for name := range header {
		if strings.Contains(name, "_") && isDecisive(textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))) {
			// Servers that hand headers on as variables (CGI, WSGI, PHP) cannot distinguish the two.
			delete(header, name)
		}
	}
}

// isDecisive reports whether a header decides about framing, credentials or origin.
func isDecisive(name string) bool {
	switch name {
	case "Content-Length", "Transfer-Encoding", "Proxy-Authorization", CallerSecret, "Content-Type":
		return true
	}
	for _, other := range forwarded {
		if name == other {
			return true
		}
	}
	return strings.HasPrefix(name, "Alf-")
}

// Incoming edits the header of a response on its way to the caller.
func (h *Headers) Incoming(header map[string][]string) {
	delete(header, "Alf-Error")
	if h.Cookies != Pass {
		delete(header, "Set-Cookie")
	}
}

// MayTrail reports whether a field may be in the trailer of a request (RFC 9110 section 6.5.1): none that decides about
// framing, routing, credentials or content.
func MayTrail(name string) bool {
	name = textproto.CanonicalMIMEHeaderKey(strings.ReplaceAll(name, "_", "-"))
	switch {
	case isDecisive(name), endToEnd[strings.ToLower(name)]:
		return false
	}
	switch name {
	case "Connection", "Te", "Trailer", "Upgrade", "Set-Cookie", "Max-Forwards", "Content-Encoding", "Content-Range", "Www-Authenticate", "Proxy-Authenticate", "Age", "Vary", "Location", "Warning", "Pragma":
		return false
	}
	return true
}
