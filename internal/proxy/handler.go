package proxy

import (
	"net/http"

	"github.com/alf-go/alf/internal/core/routing"
)

// handler serves one listener.
type handler struct {
	proxy    *Proxy
	listener int
}

// ServeHTTP decides where a request goes, and sends it there.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := h.proxy.acquire()
	defer s.release()
	facts := routing.Request{
		Major: r.ProtoMajor, Minor: r.ProtoMinor, Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header,
		HasBody: r.Body != nil && r.Body != http.NoBody, Chunked: len(r.TransferEncoding) > 0,
	}
	if facts.IsLast() {
		w.Header().Set("Connection", "close")
	}
	if !s.cfg.Listeners[h.listener].admits(r) {
		problem{http.StatusForbidden, "caller", "the caller's secret is missing or wrong: send it in " + routing.CallerSecret}.write(w, r)
		return
	}
	match, refusal := s.tables[h.listener].Decide(&facts)
	if refusal != nil {
		refuse(w, r, refusal)
		return
	}
	s.routes[match.Route].forward(w, r, match, facts.Websocket())
}
