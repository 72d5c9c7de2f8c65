package routing

import (
	"encoding/base64"
	"net/textproto"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// fetchMode is a header by which browsers cannot be distinguished from programs: fetch of Node sends it as well, alone.
// X2 had any Sec-Fetch-* header refused. A browser that sends one of them always sends Sec-Fetch-Site and
// Sec-Fetch-Dest too (Fetch Metadata section 3), and a web page can change none of them.
const fetchMode = "Sec-Fetch-Mode"

// admit is what does not depend on the route. Its order is from the cheap and general to the particular.
func (t *Table) admit(r *Request, host string) *Refusal {
	switch {
	case !wire.ValidName(r.Method):
		return ambiguous("the method is none")
	case strings.EqualFold(r.Method, "CONNECT"), strings.EqualFold(r.Method, "TRACE"):
		// One would make this an open proxy, the other sends the token back to the caller. Some servers ignore case.
		return &Refusal{Reason: Method, Status: 405, Detail: "CONNECT and TRACE are not served"}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") && name != fetchMode {
			return &Refusal{Reason: Browser, Status: 403, Detail: "requests of web pages are not served: this address is for programs"}
		}
	}
	if !t.hosts[host] {
		return &Refusal{Reason: UnlistedHost, Status: 421, Detail: "this Host is not served here: it has to be that of a route or among the listener's hosts"}
	}
	if refusal := r.admitLength(); refusal != nil {
		return refusal
	}
	if refusal := r.admitConnection(); refusal != nil {
		return refusal
	}
	for _, value := range r.values("Expect") {
		if !strings.EqualFold(value, "100-continue") {
			return &Refusal{Reason: Expectation, Status: 417, Detail: "Expect may be 100-continue and nothing else"}
		}
	}
	if r.Websocket() {
		return r.admitWebsocket()
	}
	return nil
}

// admitLength refuses lengths that differ, and what is no length (RFC 9110 section 8.6). The HTTP server does that for
// HTTP/1.1 only: over HTTP/2 the frames say where a body ends.
func (r *Request) admitLength() *Refusal {
	lengths := r.values("Content-Length")
	for _, length := range lengths {
		if length != lengths[0] || length == "" || strings.Trim(length, "0123456789") != "" {
			return ambiguous("Content-Length is no number, or there are several that differ")
		}
	}
	return nil
}

// admitConnection refuses to remove what decides about the request: a proxy that follows RFC 9110 section 7.6.1 would,
// and one that does not would keep it.
func (r *Request) admitConnection() (refusal *Refusal) {
	r.tokens("Connection", func(name string) bool {
		if isOption(name) {
			return true
		}
		if matters(textproto.CanonicalMIMEHeaderKey(name)) {
			refusal = ambiguous("Connection names a header that is not for the connection alone: remove it there")
		}
		return refusal == nil
	})
	return refusal
}

// isOption reports whether an element of Connection is one of the usual.
func isOption(name string) bool {
	return strings.EqualFold(name, "keep-alive") || strings.EqualFold(name, "close") || strings.EqualFold(name, "upgrade") || strings.EqualFold(name, "te")
}

// admitWebsocket refuses what some servers would take for an upgrade, and others not.
func (r *Request) admitWebsocket() *Refusal {
	wrong := func(detail string) *Refusal {
		return &Refusal{Reason: Upgrade, Status: 400, Detail: "no websocket handshake by RFC 6455: " + detail}
	}
	switch {
	case r.Method != "GET" || r.Major != 1 || r.Minor < 1:
		return wrong("it has to be a GET of HTTP/1.1")
	case r.HasBody:
		return wrong("it has a body")
	case len(r.values("Sec-Websocket-Key")) != 1 || !isNonce(r.values("Sec-Websocket-Key")[0]):
		return wrong("it needs one Sec-WebSocket-Key, which is 16 bytes in base64")
	case !slices.Equal(r.values("Sec-Websocket-Version"), []string{"13"}):
		return &Refusal{Reason: Upgrade, Status: 426, Detail: "Sec-WebSocket-Version has to be 13"}
	}
	return nil
}

// isNonce reports whether a key is 16 bytes in base64.
func isNonce(key string) bool {
	var nonce [18]byte
	if len(key) != base64.StdEncoding.EncodedLen(16) {
		return false
	}
	n, err := base64.StdEncoding.Decode(nonce[:], []byte(key))
	return err == nil && n == 16
}
