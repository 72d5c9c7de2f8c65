package sim

import (
	"errors"
	"net"
	"sync"
)

// socket is the server on a loopback port.
type socket struct {
	url      string
	address  string
	listener net.Listener
	ended    chan struct{} // closed when it accepts no more connections
	closed   sync.Once
}

// Start puts the server on a port of its own, on 127.0.0.1, where [Server.APIURL] and [Server.TokenURL] point from then
// on. The port serves http and https. It can be started once, and fails if no port is available. End it with
// [Server.Close].
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
	scheme := "http://"
	if s.tls {
		scheme = "https://"
	}
	s.socket = listenOn(listener, scheme, s.connections)
	return nil
}

func listenOn(listener net.Listener, scheme string, connections *connections) *socket {
	address := listener.Addr().String()
	k := &socket{url: scheme + address, address: address, listener: listener, ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		for {
			conn, err := listener.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil { // else: the client has gone, or there were no descriptors for a moment
				connections.serve(conn)
			}
		}
	}()
	return k
}

// close returns when no connection is accepted any more.
func (k *socket) close() {
	k.closed.Do(func() { k.listener.Close() })
	<-k.ended
}

// Close ends the server: a request that still waits for its response gets none, and a later one is refused. It returns
// when nothing runs any more that [Server.Start] or [Server.Transport] has started, API handlers included. Further
// calls wait for the same end. A server that was not started needs Close only if requests may still be waiting in it,
// or if connections to it are still open: those of Transport or of [Server.NewTokenEndpoint].
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
	s.connections.close()
}
