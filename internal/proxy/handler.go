package proxy

import (
	"net/http"
	"time"

	"github.com/alf-go/alf/internal/core/routing"
)

// handler serves one listener.
type handler struct {
	proxy  *Proxy
	server *server
}

// ServeHTTP decides where a request goes, and sends it there.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := h.proxy.acquire()
	out := &writer{ResponseWriter: w, major: r.ProtoMajor, began: time.Now()}
	defer h.finish(s, out, r)
	facts := routing.Request{
		Major: r.ProtoMajor, Minor: r.ProtoMinor, Method: r.Method, Target: r.RequestURI, Host: r.Host, Header: r.Header,
		HasBody: r.Body != nil && r.Body != http.NoBody, Chunked: len(r.TransferEncoding) > 0,
	}
	if facts.IsLast() || h.server.ending.Load() && !facts.Websocket() {
		w.Header().Set("Connection", "close")
	}
	rules := s.rules[h.server]
	if !rules.admits(r) {
		problem{status: http.StatusForbidden, reason: wrongCaller, detail: "the caller's secret is missing or wrong: send it in " + routing.CallerSecret}.write(out, r)
		return
	}
	match, refusal := rules.table.Decide(&facts)
	if refusal != nil {
		refuse(out, r, refusal)
		return
	}
	out.route = &s.routes[match.Route]
	if s.access != nil {
		out.timing = new(timing)
	}
	websocket := facts.Websocket()
	if websocket {
		ctx, done := h.server.upgraded.add(r.Context())
		defer done()
		out.upgraded = &h.proxy.upgraded
		r = r.WithContext(ctx)
	}
	out.route.forward(out, r, match, websocket)
}

// finish counts a request that has ended, and lets go of its state.
func (h *handler) finish(s *state, out *writer, r *http.Request) {
	took := time.Since(out.began)
	h.proxy.count(out, took)
	if s.access != nil {
		s.access.write(out, r, h.server.text, took)
	}
	h.proxy.release(s)
}
