package proxy

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/draining"
	"github.com/alf-go/alf/internal/core/routing"
)

// state is what a configuration came to. It never changes; a reload makes another one. Each request uses one state from
// its beginning to its end.
type state struct {
	cfg        Config
	generation draining.Generation
	rules      map[*server]*rules
	routes     []forwarder      // in the order of the configuration
	pools      map[string]*pool // by the key of the client
	tokens     []token          // that the routes use, each once
	access     *accessLog       // nil: there is none

	serving  atomic.Int64 // requests that use it
	retiring atomic.Bool  // no further request will
}

// rules are those of one listener.
type rules struct {
	*Listener
	table *routing.Table
}

// pool is the tokens of one client. States that follow each other share it as long as the client's settings stay the
// same.
type pool struct {
	*alf.Pool
	name string
	base http.RoundTripper // what its requests are sent by, without a token
	// states is how many have it. Proxy.mu guards it.
	states int
}

// newState makes what is new, and takes over what has not changed. servers are those of the configuration's listeners,
// in their order; those that a reload has removed go on with the rules they had, until they are drained.
func newState(cfg Config, servers []*server, before *state) (*state, error) {
	s := &state{cfg: cfg, generation: 1, pools: make(map[string]*pool), rules: make(map[*server]*rules)}
	if before != nil {
		s.generation = before.generation + 1
	}
	if err := s.newRules(servers, before); err != nil {
		return nil, err
	}
	var had routing.Deployment
	if before != nil {
		had = before.deployment()
	}
	for _, key := range routing.PlanReload(had, s.deployment()).KeepPools {
		s.pools[key] = before.pools[key]
	}
	for i := range cfg.Clients {
		c := &cfg.Clients[i]
		if s.pools[c.Key] != nil {
			continue
		}
		made, err := c.newPool(&cfg)
		if err != nil {
			s.discard()
			return nil, fmt.Errorf("client %q: %w", c.Name, err)
		}
		s.pools[c.Key] = made
	}
	for i := range cfg.Routes {
		r := &cfg.Routes[i]
		f := newForwarder(r, &cfg.Clients[r.Client], s.pools[cfg.Clients[r.Client].Key])
		f.counters = before.countersOf(r.Name)
		s.routes = append(s.routes, f)
	}
	s.tokens = tokensOf(s)
	return s, nil
}

func (s *state) newRules(servers []*server, before *state) error {
	var routes []routing.Route
	for i := range s.cfg.Routes {
		routes = append(routes, s.cfg.Routes[i].Route)
	}
	add := func(at *server, l *Listener) error {
		table, err := routing.NewTable(l.Hosts, routes)
		s.rules[at] = &rules{l, table}
		return err
	}
	for i, at := range servers {
		if err := add(at, &s.cfg.Listeners[i]); err != nil {
			return err
		}
	}
	if before == nil {
		return nil
	}
	for at, r := range before.rules {
		if s.rules[at] == nil && !at.drained.Load() {
			if err := add(at, r.Listener); err != nil {
				return err
			}
		}
	}
	return nil
}

// deployment is what outlives a reload.
func (s *state) deployment() routing.Deployment {
	var d routing.Deployment
	for i := range s.cfg.Clients {
		d.Pools = append(d.Pools, s.cfg.Clients[i].Key)
	}
	for _, a := range s.cfg.addresses() {
		d.Listeners = append(d.Listeners, a.key())
	}
	return d
}

// countersOf are those of the route of this name, so that counters go on over a reload.
func (s *state) countersOf(route string) *routeCounters {
	if s != nil {
		for i := range s.routes {
			if s.routes[i].Name == route {
				return s.routes[i].counters
			}
		}
	}
	return new(routeCounters)
}

// discard closes the pools that no other state has, of a state that was never used.
func (s *state) discard() {
	for _, p := range s.pools {
		if p.states == 0 {
			_ = p.Close()
		}
	}
}

// acquire returns the current state, which stays usable until it is released.
func (p *Proxy) acquire() *state {
	for {
		s := p.current.Load()
		s.serving.Add(1)
		if p.current.Load() == s {
			return s
		}
		p.release(s) // it was replaced meanwhile, and may be retired already
	}
}

// borrow is acquire for what is no request.
func (p *Proxy) borrow() (s *state, giveBack func()) {
	p.borrowed.Add(1)
	s = p.acquire()
	return s, func() {
		p.release(s)
		p.borrowed.Add(-1)
	}
}

// release ends the use of a state. It is looked at once more after it is known to take no more requests: another one
// may have begun between the two.
func (p *Proxy) release(s *state) {
	if s.serving.Add(-1) == 0 && s.retiring.Load() {
		p.reportUnused(s)
	}
}

// retireWhenUnused is called when no further request will use the state.
func (p *Proxy) retireWhenUnused(s *state) {
	s.retiring.Store(true)
	p.reportUnused(s)
}

func (p *Proxy) reportUnused(s *state) {
	if s.serving.Load() == 0 {
		p.life.step(draining.Input{Kind: draining.Unused, Generation: s.generation})
	}
}
