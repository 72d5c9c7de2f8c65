package sim

import (
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
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
		s.set(func() { s.all.queue = append(s.all.queue, queued{n, respond}) })
	}
}

// RespondOnce is [Server.Respond] for one response that is known beforehand. header may be nil. A Content-Length larger
// than the body makes a response that breaks off.
func (s *Server) RespondOnce(status int, header http.Header, body string) {
	s.Respond(1, respondWith(status, header, body))
}

func respondWith(status int, header http.Header, body string) http.HandlerFunc {
	header = header.Clone()
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // it fails only if the client has gone
	}
}

// pause is the response while the token endpoint asks for one.
func pause(left time.Duration) http.HandlerFunc {
	seconds := (left + time.Second - 1) / time.Second
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", strconv.Itoa(int(seconds)))
		writeJSON(w, http.StatusTooManyRequests, oauthBody{"slow_down", "too many token requests"})
	}
}

// nextResponse is what a behavior has in store for a request, other than dealing with it: a response of its queue, or
// that of a hold or of Unavailable. The mutex is held.
func (b *behavior) nextResponse(now time.Time) http.HandlerFunc {
	switch {
	case len(b.queue) > 0:
		next := &b.queue[0]
		respond := next.respond
		if next.left--; next.left == 0 {
			b.queue = b.queue[1:]
		}
		return respond
	case now.Before(b.held):
		return pause(b.held.Sub(now))
	}
	if c, _ := b.outage.at(now); c == unavailable {
		return respondWith(http.StatusServiceUnavailable, nil, "")
	}
	return nil
}
