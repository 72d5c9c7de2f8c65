package server

import (
	"crypto/tls"
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

// listen starts one. With a certificate it speaks TLS.
func listen(handler http.Handler, certificate *tls.Certificate) (*listener, error) {
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
	if certificate == nil {
		go func() { _ = l.server.Serve(socket) }() // returns when the server is closed
		return l, nil
	}
	l.url = "https://" + socket.Addr().String()
	l.server.TLSConfig = mutualTLS(certificate)
	// As without TLS: a request that is dropped takes its connection with it.
	l.server.Protocols = new(http.Protocols)
	l.server.Protocols.SetHTTP1(true)
	go func() { _ = l.server.ServeTLS(socket, "", "") }() // returns when the server is closed
	return l, nil
}

// mutualTLS has a listener present a certificate, and ask every client for one. It accepts any: a client that is
// refused should learn so by a response, and not by a connection that breaks. The handshake shows that the client has
// the key.
func mutualTLS(certificate *tls.Certificate) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{*certificate}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS13,
	}
}

// URL is the server's address.
func (l *listener) URL() string { return l.url }

// Close stops the server and closes its connections.
func (l *listener) Close() error { return l.server.Close() }
