package sim

import (
	"io"
	"maps"
	"net/http"
)

// queued is the handler of the next so many token requests.
type queued struct {
	left    int
	respond http.HandlerFunc
}

// Respond lets respond handle the next n token requests, whatever they ask for, after those queued before. The request
// has its body; nothing of it was checked. The latency applies. To close the connection without a response, panic with
// http.ErrAbortHandler. n below 1 does nothing; [Server.Up] drops what is left.
func (s *Server) Respond(n int, respond func(w http.ResponseWriter, r *http.Request)) {
	if n > 0 {
		s.set(func() { s.queue = append(s.queue, queued{n, respond}) })
	}
}

// RespondOnce is [Server.Respond] for one response that is known beforehand. header may be nil. A Content-Length larger
// than the body makes a response that breaks off.
func (s *Server) RespondOnce(status int, header http.Header, body string) {
	header = header.Clone()
	s.Respond(1, func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // it fails only if the client has gone
	})
}

// nextResponse takes from the queue. The mutex is held.
func (s *Server) nextResponse() http.HandlerFunc {
	if len(s.queue) == 0 {
		return nil
	}
	next := &s.queue[0]
	respond := next.respond
	if next.left--; next.left == 0 {
		s.queue = s.queue[1:]
	}
	return respond
}
