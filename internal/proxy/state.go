package proxy

import (
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
)

// state is what a configuration came to. It never changes; a reload makes another one.
type state struct {
	cfg     Config
	tables  []*routing.Table // of the listeners
	routes  []forwarder      // in the order of the configuration
	pools   map[string]*pool // by the key of the client
	serving atomic.Int64     // requests that use it
}

// pool is the tokens of one client. States that follow each other share it as long as the client's settings stay the
// same.
type pool struct {
	*alf.Pool
	name string
	base http.RoundTripper // what its requests are sent by, without a token
}

// newState makes what is new, and takes over the pools of clients whose settings have not changed.
func newState(cfg Config, before *state) (*state, error) {
	s := &state{cfg: cfg, pools: make(map[string]*pool)}
	var rules []routing.Route
	for i := range cfg.Routes {
		rules = append(rules, cfg.Routes[i].Route)
	}
	for i := range cfg.Listeners {
		table, err := routing.NewTable(cfg.Listeners[i].Hosts, rules)
		if err != nil {
			return nil, err
		}
		s.tables = append(s.tables, table)
	}
	for i := range cfg.Clients {
		c := &cfg.Clients[i]
		if before != nil && before.pools[c.Key] != nil {
			s.pools[c.Key] = before.pools[c.Key]
			continue
		}
		made, err := c.newPool(&cfg)
		if err != nil {
			s.retire(before)
			return nil, fmt.Errorf("client %q: %w", c.Name, err)
		}
		s.pools[c.Key] = made
	}
	for i := range cfg.Routes {
		r := &cfg.Routes[i]
		s.routes = append(s.routes, newForwarder(r, &cfg.Clients[r.Client], s.pools[cfg.Clients[r.Client].Key]))
	}
	return s, nil
}

// retire closes the pools that the next state does not use.
func (s *state) retire(next *state) {
	for key, p := range s.pools {
		if next == nil || next.pools[key] != p {
			p.CloseIdleConnections()
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
		s.release() // it was replaced meanwhile, and may be retired already
	}
}

func (s *state) release() { s.serving.Add(-1) }
