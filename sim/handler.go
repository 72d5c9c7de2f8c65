package sim

import (
	"bufio"
	"net"
	"net/http"
)

// ServeHTTP is the server as a handler: the token endpoint at [TokenPath] and wherever a configuration of
// [Server.Configure] expects it, the metadata where RFC 8414 and OpenID Connect Discovery put them, the keys at
// [JWKSPath], introspection at [IntrospectionPath], the API everywhere else. A request that is to have no response ends
// in a panic with http.ErrAbortHandler, by which net/http closes the connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.handle(w, r); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// handle serves a request, or fails with the reason why there is no response.
func (s *Server) handle(w http.ResponseWriter, r *http.Request) error {
	select {
	case <-s.stop:
		return errRefused
	default:
	}
	switch part, issuer := s.partOf(r); part {
	case theTokenEndpoint:
		return s.serveToken(w, r)
	case theMetadata:
		s.metadata(w, issuer)
		return nil
	case theJWKS:
		s.jwks(w)
		return nil
	case theIntrospection:
		return s.introspect(w, r)
	}
	return s.serveAPI(w, r)
}

// run lets h serve r, and notes the final status before the response can be seen.
func run(h http.Handler, w http.ResponseWriter, r *http.Request, note func(status int)) {
	n := &noting{ResponseWriter: w, note: note}
	h.ServeHTTP(n, r)
	n.noteOnce(http.StatusOK) // as net/http does for a handler that has not written a status
}

type noting struct {
	http.ResponseWriter
	note  func(status int)
	noted bool
}

func (n *noting) noteOnce(status int) {
	if isFinal(status) && !n.noted {
		n.noted = true
		n.note(status)
	}
}

// isFinal distinguishes the response from the informational ones.
func isFinal(status int) bool { return status >= 200 || status == http.StatusSwitchingProtocols }

func (n *noting) WriteHeader(status int) {
	n.noteOnce(status)
	n.ResponseWriter.WriteHeader(status)
}

func (n *noting) Write(p []byte) (int, error) {
	n.noteOnce(http.StatusOK)
	return n.ResponseWriter.Write(p)
}

// Flush is for handlers that look for an http.Flusher.
func (n *noting) Flush() {
	n.noteOnce(http.StatusOK)
	_ = http.NewResponseController(n.ResponseWriter).Flush() // an http.Flusher cannot report that it cannot
}

// Hijack is for handlers that look for an http.Hijacker; what they write is not recorded.
func (n *noting) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(n.ResponseWriter).Hijack()
	if err == nil {
		n.noteOnce(http.StatusSwitchingProtocols)
	}
	return conn, buffered, err
}

// Unwrap is for http.ResponseController.
func (n *noting) Unwrap() http.ResponseWriter { return n.ResponseWriter }
