package lab

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/alf-go/alf/interop/ports"
)

// Site is an HTTP server in this process whose address stays its own while it is stopped and started. Its methods are
// called by one goroutine at a time.
type Site struct {
	// Handler serves the requests. It is set before the first Start.
	Handler http.Handler
	// TLS makes it https.
	TLS *tls.Config
	// Protocols are those that it speaks. Nil: HTTP/1.1, and HTTP/2 over TLS.
	Protocols *http.Protocols

	address  string
	listener net.Listener // nil while it is stopped
	server   *http.Server
	served   chan struct{} // closed when the server has ended
}

// NewSite picks an address on 127.0.0.1. It listens only once it is started.
func NewSite() (*Site, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	return &Site{address: net.JoinHostPort("127.0.0.1", strconv.Itoa(found[0]))}, nil
}

// URL is the site's origin.
func (s *Site) URL() string {
	if s.TLS != nil {
		return "https://" + s.address
	}
	return "http://" + s.address
}

// Start listens and serves until Stop.
func (s *Site) Start(ctx context.Context) error {
	if s.listener != nil {
		return fmt.Errorf("%s is already running", s.address)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.address)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: s.Handler, Protocols: s.Protocols, ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet}
	served := make(chan struct{})
	s.listener, s.server, s.served = listener, server, served
	if s.TLS != nil {
		listener = tls.NewListener(listener, s.TLS.Clone())
	}
	go func() {
		defer close(served)
		_ = server.Serve(listener) // returns when the server is closed
	}()
	return nil
}

// Stop closes the port and every connection. Requests on their way get no response.
func (s *Site) Stop() {
	if s.listener != nil {
		_ = ports.Close(s.listener)
		_ = s.server.Close()
		<-s.served
		s.listener = nil
	}
}
