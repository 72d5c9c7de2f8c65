// Package proxy is the client as a process: programs in any language connect to an address of their own and send
// requests, which go on to the upstream of their route with a token (X1, X2). What decides is in package routing of
// internal/core; here it is carried out.
//
// A request passes these files in this order:
//
//	listen.go      the sockets
//	handler.go     admission, and what is sent on: one handler for each listener
//	forward.go     httputil.ReverseProxy over the client's transport, for each route
//	body.go        the body of a request on its way
//	upstream.go    connections to the upstreams
//	grpc.go        what rejects a token of gRPC
//	writer.go      the response on its way
//	problem.go     the responses of the proxy's own
//
// state.go has what a configuration came to, which a reload replaces as a whole.
package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Proxy serves one configuration after the other. Make one with [New], [Proxy.Run] it once. All methods are safe for
// concurrent use.
type Proxy struct {
	current atomic.Pointer[state]

	mu      sync.Mutex
	servers map[string]*server // by address
}

// server is a listener with its HTTP server.
type server struct {
	listener net.Listener
	http     *http.Server
}

// New opens the listeners and makes the clients of a configuration. It sends nothing. An error names the listener or
// client, and what to do.
func New(cfg Config) (*Proxy, error) {
	s, err := newState(cfg, nil)
	if err != nil {
		return nil, err
	}
	p := &Proxy{servers: make(map[string]*server)}
	p.current.Store(s)
	for i := range cfg.Listeners {
		l, err := listen(&cfg.Listeners[i])
		if err != nil {
			p.closeListeners()
			s.retire(nil)
			return nil, err
		}
		p.servers[cfg.Listeners[i].Address] = &server{l, newServer(p.Handler(i), cfg)}
	}
	return p, nil
}

// Handler serves the requests of one listener, for tests without sockets.
func (p *Proxy) Handler(listener int) http.Handler { return &handler{p, listener} }

// Run serves until ctx ends, and then until the requests in flight have ended.
func (p *Proxy) Run(ctx context.Context) error {
	errs := make(chan error, len(p.servers))
	for _, s := range p.servers {
		go func() { errs <- s.http.Serve(s.listener) }()
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-errs:
	}
	limited, cancel := context.WithTimeout(context.Background(), p.current.Load().cfg.DrainTime)
	defer cancel()
	for _, s := range p.servers {
		if err := s.http.Shutdown(limited); err != nil {
			_ = s.http.Close()
		}
	}
	p.current.Load().retire(nil)
	if errors.Is(failed, http.ErrServerClosed) {
		failed = nil
	}
	return failed
}

// Close ends a proxy that does not run, without waiting for anything.
func (p *Proxy) Close() error {
	p.closeListeners()
	p.current.Load().retire(nil)
	return nil
}

func (p *Proxy) closeListeners() {
	for _, s := range p.servers {
		_ = s.listener.Close()
	}
}
