// Package proxy is the client as a process: programs in any language connect to an address of their own and send
// requests, which go on to the upstream of their route with a token (X1, X2). What decides is in the packages routing
// and draining of internal/core; here it is carried out.
//
// A request passes these files in this order:
//
//	listen.go      the sockets
//	handler.go     admission, and what is sent on: one handler for each listener
//	forward.go     httputil.ReverseProxy over the client's transport, for each route
//	body.go        the body of a request on its way
//	upstream.go    connections to the upstreams
//	grpc.go        what rejects a token of gRPC
//	upgrade.go     websockets
//	writer.go      the response on its way
//	problem.go     the responses of the proxy's own
//	counters.go, accesslog.go   what is left of it
//
// state.go has what a configuration came to, which reload.go replaces as a whole; drain.go has the end, ready.go the
// beginning (X3). health.go and admin.go serve those who operate it.
package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/core/draining"
)

// Proxy serves one configuration after the other. Make one with [New], [Proxy.Run] it once. All methods are safe for
// concurrent use.
type Proxy struct {
	current atomic.Pointer[state]
	life    *life
	started time.Time
	notify  notifier
	quit    chan struct{} // has an element when /quitquitquit was called
	failed  chan error    // of listeners
	retry   chan struct{} // has an element when tokens are to be tried again

	// ready and draining are what the life was told last.
	ready, draining atomic.Bool
	refused         refusals
	upgraded        atomic.Int64
	borrowed        atomic.Int64 // uses of states by what is no request
	rates           rates
	troubles        troubles

	work      sync.WaitGroup
	reloading sync.Mutex // one change of the configuration at a time

	mu      sync.Mutex
	running bool
	servers map[string]*server // by key, without those that a reload has removed
	removed map[*server]bool   // which are drained
	states  map[draining.Generation]*state
	reloads reloads
}

// purpose is what a listener serves.
type purpose string

const (
	forRoutes purpose = ""
	forHealth purpose = "health "
	forAdmin  purpose = "admin "
)

// address is where a listener is, and what for.
type address struct {
	purpose purpose
	text    string
}

func (a address) key() string { return string(a.purpose) + a.text }

// addresses are all that a configuration listens on: those of Listeners first, in their order.
func (c *Config) addresses() []address {
	var all []address
	for i := range c.Listeners {
		all = append(all, address{forRoutes, c.Listeners[i].Address})
	}
	if c.Health != "" {
		all = append(all, address{forHealth, c.Health})
	}
	if c.Admin != "" {
		all = append(all, address{forAdmin, c.Admin})
	}
	return all
}

// server is a listener with its HTTP server.
type server struct {
	address
	listener net.Listener
	http     *http.Server
	upgraded upgrades
	drained  atomic.Bool // it was removed, and serves nothing any more

	lingering
}

// New opens the listeners and makes the clients of a configuration. It sends nothing. An error names the listener or
// client, and what to do.
func New(cfg Config) (*Proxy, error) {
	p := &Proxy{
		started: time.Now(), quit: make(chan struct{}, 1), failed: make(chan error, 1), retry: make(chan struct{}, 1),
		servers: make(map[string]*server), removed: make(map[*server]bool), states: make(map[draining.Generation]*state),
		notify: newNotifier(),
	}
	p.life = newLife(cfg.policy(), p.apply)
	s, opened, err := p.prepare(cfg, nil)
	if err != nil {
		return nil, err
	}
	p.adopt(s, opened)
	p.current.Store(s)
	return p, nil
}

// Handler serves the requests of one listener, by its place in the configuration, for tests without sockets.
func (p *Proxy) Handler(listener int) http.Handler {
	cfg := p.current.Load().cfg
	return &handler{p, p.serverOf(cfg.addresses()[listener].key())}
}

// Run serves until ctx ends, or until the end is asked for at the admin listener, and then drains. The error is that of
// a listener that has failed.
func (p *Proxy) Run(ctx context.Context) error {
	p.mu.Lock()
	p.running = true
	var all []*server
	for _, s := range p.servers {
		all = append(all, s)
	}
	p.mu.Unlock()
	for _, s := range all {
		p.serve(s)
	}
	p.life.step(draining.Input{Kind: draining.Opened})
	p.notify.started()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.work.Go(func() { p.obtainTokens(background) })
	p.work.Go(func() { p.measure(background) })

	var failed error
	select {
	case <-ctx.Done():
	case <-p.quit:
	case failed = <-p.failed:
	}
	p.notify.stopping()
	p.life.step(draining.Input{Kind: draining.Terminated})
	<-p.life.ended
	stop()
	p.endOthers()
	p.work.Wait()
	return failed
}

// Close ends a proxy that does not run. The error is always nil.
func (p *Proxy) Close() error {
	p.life.step(draining.Input{Kind: draining.Terminated})
	<-p.life.ended
	p.endOthers()
	p.work.Wait()
	return nil
}

// serve starts a server, if Run was called; otherwise Run does that.
func (p *Proxy) serve(s *server) {
	p.mu.Lock()
	running := p.running
	p.mu.Unlock()
	if !running {
		return
	}
	s.served.Store(true)
	go func() {
		if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) && !s.ending.Load() {
			select {
			case p.failed <- err:
			default:
			}
		}
	}()
}

// endOthers ends the listeners that do not serve routes: while the proxy drains, they report that.
func (p *Proxy) endOthers() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.servers {
		if s.purpose != forRoutes {
			brief, cancel := context.WithTimeout(context.Background(), lastScrapeTime)
			if s.http.Shutdown(brief) != nil {
				_ = s.http.Close()
			}
			cancel()
			_ = s.listener.Close()
		}
	}
}

// lastScrapeTime is how long a response about the proxy itself may take at its end.
const lastScrapeTime = time.Second

func (p *Proxy) serverOf(key string) *server {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.servers[key]
}

// eachServing calls f with every server of routes, those that are being drained included.
func (p *Proxy) eachServing(f func(*server)) {
	p.mu.Lock()
	var all []*server
	for _, s := range p.servers {
		if s.purpose == forRoutes {
			all = append(all, s)
		}
	}
	for s := range p.removed {
		all = append(all, s)
	}
	p.mu.Unlock()
	for _, s := range all {
		f(s)
	}
}

// forget is called when a listener that was removed is drained.
func (p *Proxy) forget(s *server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.removed, s)
}
