package routing

import (
	"slices"
	"strings"
)

// admit is what does not depend on the route. Its order is from the cheap and general to the particular.
func (t *Table) admit(r *Request) *Refusal {
	if r.Method == "CONNECT" || r.Method == "TRACE" {
		// One would make this an open proxy, the other sends the token back to the caller.
		return &Refusal{Reason: Method, Status: 405, Detail: r.Method + " is not served"}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") {
			return &Refusal{Reason: Browser, Status: 403, Detail: "requests of web pages are not served: this address is for programs"}
		}
	}
	if refusal := t.admitHost(r); refusal != nil {
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

// endToEnd are headers that Connection must not name: a proxy that follows RFC 9110 section 7.6.1 would remove what
// decides about the request, and one that does not would keep it.
var endToEnd = map[string]bool{
	"authorization": true, "proxy-authorization": true, "host": true, "content-length": true, "transfer-encoding": true,
	"cookie": true, "forwarded": true, "x-forwarded-for": true, "x-forwarded-host": true, "x-forwarded-proto": true,
	"content-type": true, "content-encoding": true, "content-range": true, "range": true, "expect": true, "date": true,
	"cache-control": true, "dpop": true, "alf-caller-secret": true,
}

// admitConnection is about hop-by-hop headers.
func (r *Request) admitConnection() (refusal *Refusal) {
	r.tokens("Connection", func(name string) bool {
		if endToEnd[name] {
			refusal = &Refusal{Reason: Ambiguous, Status: 400, Detail: "Connection names " + name + ", which is not for the connection alone: remove it there"}
		}
		return refusal == nil
	})
	return refusal
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
	case len(r.values("Sec-Websocket-Key")) != 1:
		return wrong("it needs one Sec-WebSocket-Key")
	case !slices.Equal(r.values("Sec-Websocket-Version"), []string{"13"}):
		return &Refusal{Reason: Upgrade, Status: 426, Detail: "Sec-WebSocket-Version has to be 13"}
	}
	return nil
}
