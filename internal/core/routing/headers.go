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
func (p Policy) String() string {
	if p < 0 || int(p) >= len(policies) {
		return fmt.Sprintf("Policy(%d)", int(p))
	}
	return policies[p]
}

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

// Headers is what becomes of the headers that concern more than the request itself. What is not set is dropped, and an
// Authorization refused.
type Headers struct {
	// Authorization: Refuse, Replace (by the token), or Pass: the caller's takes the place of the token.
	Authorization Policy
	// Cookies: Drop or Pass, for Cookie and Set-Cookie.
	Cookies Policy
	// Host: Replace (by the upstream's) or Pass.
	Host Policy
	// Forwarded: Drop, Append or Pass, for what says where a request came from and what it was: Forwarded (RFC 7239),
	// X-Forwarded-*, X-Real-IP, and the headers that some frameworks read the path or the host from. Append is for
	// X-Forwarded-For, -Host and -Proto; the others cannot be appended to, and are dropped then.
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

// CallerSecret is the header in which a caller says the secret of a listener.
const CallerSecret = "Alf-Caller-Secret"

// Outgoing edits the header of a request that is to be sent on, from which the headers that Connection names were
// removed. Its Authorization is left to the caller of this function.
func (h *Headers) Outgoing(header map[string][]string, websocket bool) {
	for name := range header {
		if !h.goesOn(name, websocket) {
			delete(header, name)
		}
	}
}

func (h *Headers) goesOn(name string, websocket bool) bool {
	switch {
	case name == "Cookie":
		return h.Cookies == Pass
	case isForwarded(name):
		return h.Forwarded == Pass || h.Forwarded == Append && isAppended(name)
	case name == "Connection", name == "Upgrade":
		return websocket
	case endsHere(name):
		return false
	}
	// Servers that hand headers on as variables (CGI, WSGI, PHP) cannot distinguish X_Real_IP from X-Real-IP.
	plain := withHyphens(name)
	return plain == name || !matters(plain) && !endsHere(plain)
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
	name = textproto.CanonicalMIMEHeaderKey(withHyphens(name))
	switch name {
	case "Te", "Trailer":
		return false
	}
	return !matters(name) && !endsHere(name)
}
