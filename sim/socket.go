package sim

import (
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// socket is the server on a loopback port.
type socket struct {
	url    string
	http   *http.Server
	ended  chan struct{} // closed when it accepts no more connections
	inUse  sync.WaitGroup
	closed sync.Once
}

// Start puts the server on a port of its own, on 127.0.0.1, where [Server.APIURL] and [Server.TokenURL] point from then
// on. It can be started once, and fails if no port is available. End it with [Server.Close].
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return errors.New("sim: the server is closed: make a new one")
	case s.socket != nil:
		return errors.New("sim: the server was started already: it listens at " + s.socket.url)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.socket = serve(listener, s)
	return nil
}

func serve(listener net.Listener, handler http.Handler) *socket {
	k := &socket{url: "http://" + listener.Addr().String(), ended: make(chan struct{})}
	k.http = &http.Server{
		Handler:  handler,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				k.inUse.Add(1)
			case http.StateClosed, http.StateHijacked:
				k.inUse.Done()
			}
		},
	}
	go func() {
		defer close(k.ended)
		_ = k.http.Serve(listener) // it always fails, at the latest when it is closed
	}()
	return k
}

// close returns when nothing is served any more.
func (k *socket) close() {
	k.closed.Do(func() {
		k.http.Close()
		<-k.ended
		// Once more, for a connection that was accepted in between.
		k.http.Close()
		k.inUse.Wait()
	})
}

// Close ends the server: a request that still waits for its response gets none, and a later one is refused. It returns
// when nothing runs any more that [Server.Start] has started, API handlers included. Further calls wait for the same
// end. A server that was not started needs Close only if requests may still be waiting in it.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	k := s.socket
	s.mu.Unlock()
	if k != nil {
		k.close()
	}
}
