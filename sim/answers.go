package sim

import (
	"io"
	"maps"
	"net/http"
)

// queued answers the next so many token requests.
type queued struct {
	left   int
	answer http.HandlerFunc
}

// Answer has the next n token requests answered by answer, whatever they ask for, after the answers queued before. The
// request has its body; nothing of it was checked. The latency applies. To close the connection without an answer, panic
// with http.ErrAbortHandler. n below 1 does nothing; [Server.Up] drops what is left.
func (s *Server) Respond(n int, answer func(w http.ResponseWriter, r *http.Request)) {
	if n > 0 {
		s.set(func() { s.queue = append(s.queue, queued{n, answer}) })
	}
}

// AnswerOnce is [Server.Answer] for one answer that is known beforehand. header may be nil. A Content-Length larger than the
// body makes an answer that breaks off.
func (s *Server) RespondOnce(status int, header http.Header, body string) {
	header = header.Clone()
	s.Respond(1, func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // whoever has gone does not miss it
	})
}

// nextAnswer takes from the queue. The mutex is held.
func (s *Server) nextAnswer() http.HandlerFunc {
	if len(s.queue) == 0 {
		return nil
	}
	next := &s.queue[0]
	answer := next.answer
	if next.left--; next.left == 0 {
		s.queue = s.queue[1:]
	}
	return answer
}
