package server

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// listener serves a handler on a loopback socket.
type listener struct {
	server *http.Server
	url    string
}

func listen(handler http.Handler) (*listener, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &listener{
		server: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			ErrorLog:          log.New(io.Discard, "", 0), // callers that leave are no news here
		},
		url: "http://" + socket.Addr().String(),
	}
	go l.server.Serve(socket)
	return l, nil
}

// URL is the server's address.
func (l *listener) URL() string { return l.url }

// Close stops the server and closes its connections.
func (l *listener) Close() error { return l.server.Close() }
