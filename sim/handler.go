package sim

import (
	"bufio"
	"net"
	"net/http"
)

// ServeHTTP is the server as a handler: the token endpoint at [TokenPath], the API everywhere else. A request that is to have
// no answer ends in a panic with http.ErrAbortHandler, by which net/http closes the connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.handle(w, r); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// handle answers a request, or fails with the reason why there is no answer.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) error {
	select {
	case <-s.stop:
		return errRefused
	default:
	}
	if r.URL.Path == TokenPath {
		return s.serveToken(w, r)
	}
	return s.serveAPI(w, r)
}

// run has h answer r, and tells the final status before the answer can be seen by anyone.
func run(h http.Handler, w http.ResponseWriter, r *http.Request, note func(status int)) {
	n := &noting{ResponseWriter: w, note: note}
	h.ServeHTTP(n, r)
	n.say(http.StatusOK) // as net/http does for a handler that has not said a status
}

type noting struct {
	http.ResponseWriter
	note func(status int)
	said bool
}

func (n *noting) say(status int) {
	if isFinal(status) && !n.said {
		n.said = true
		n.note(status)
	}
}

// isFinal tells the answer from those that merely announce it.
func isFinal(status int) bool { return status >= 200 || status == http.StatusSwitchingProtocols }

func (n *noting) WriteHeader(status int) {
	n.say(status)
	n.ResponseWriter.WriteHeader(status)
}

func (n *noting) Write(p []byte) (int, error) {
	n.say(http.StatusOK)
	return n.ResponseWriter.Write(p)
}

// Flush is for handlers that look for an http.Flusher.
func (n *noting) Flush() {
	n.say(http.StatusOK)
	_ = http.NewResponseController(n.ResponseWriter).Flush() // an http.Flusher has no way to say that it cannot
}

// Hijack is for handlers that look for an http.Hijacker; what they say is theirs alone.
func (n *noting) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(n.ResponseWriter).Hijack()
	if err == nil {
		n.say(http.StatusSwitchingProtocols)
	}
	return conn, buffered, err
}

// Unwrap is for http.ResponseController.
func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }
