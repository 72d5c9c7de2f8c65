package sim

import (
	"context"
	"fmt"
	"net/http"

	"github.com/alf-go/alf"
)

// AddClient makes a client known to the token endpoint, with a secret made up for the test; "" makes it take any. If it
// is known already, the secret is replaced, and a [Registration] remains as it is otherwise. From the first one on,
// clients that were neither added nor registered nor named in [Options].ClientID are refused with invalid_client.
func (s *Server) AddClient(id, secret string) {
	s.set(func() {
		c := newClient(id, secret)
		c.registered = s.clients[id].registered
		s.clients[id] = c
	})
}

// RemoveClient makes a client unknown again. The API goes on taking the tokens that were issued to it; see
// [Selection.Revoke].
func (s *Server) RemoveClient(id string) { s.set(func() { delete(s.clients, id) }) }

// clientOf returns the client of an id: one that was added, or that of the options, which is any one as long as none
// was named or added.
func (s *state) clientOf(id string) (c client, ok bool) {
	if c, ok = s.clients[id]; ok {
		return c, true
	}
	return s.client, id != "" && (s.client.id == id || s.client.id == "" && len(s.clients) == 0)
}

// sample returns what a client would authenticate with; ok is false for one that would be refused.
func (s *state) sample(id string) (secret string, ok bool) {
	c, ok := s.clientOf(id)
	if ok {
		_, secret = c.sample()
	}
	return secret, ok
}

// PoolConfig is for a pool whose tenants are the clients of this server, each under its client id:
//
//	pool, err := alf.NewPool(server.PoolConfig())
//	stock := pool.Client(alf.Target{Tenant: "stock-service"})
//
// As with [Server.Config], it goes over the socket if the server was started, else through memory, the clock is the
// server's, and the jitter is always the middle of the range. A secret is the one that the server expects at the time
// of the fetch. For a pool of one client with several audiences or scopes, put [Server.Config] into an
// [alf.PoolConfig].
func (s *Server) PoolConfig() alf.PoolConfig {
	common := s.Config()
	return alf.PoolConfig{
		Config: alf.Config{
			HTTPClient: common.HTTPClient, TokenRequest: common.TokenRequest,
			Clock: common.Clock, Rand: common.Rand, Policy: common.Policy,
		},
		Tenant: func(_ context.Context, name string) (alf.Config, error) { return s.tenant(name) },
	}
}

// tenant is the configuration of a client, as far as it is a tenant's own.
func (s *Server) tenant(id string) (cfg alf.Config, err error) {
	url := s.TokenURL()
	s.set(func() {
		secret, ok := s.sample(id)
		if !ok {
			err = fmt.Errorf("sim: there is no client %q: add it by AddClient", id)
			return
		}
		if r := s.clients[id].registered; r != nil && r.AuthStyle != alf.AuthBasic {
			err = fmt.Errorf("sim: client %q authenticates by %v, for which PoolConfig has no configuration: pass that of the pool to ConfigurePool", id, r.AuthStyle)
			return
		}
		cfg = alf.Config{TokenURL: url, ClientID: id, ClientSecret: alf.Secret(secret)}
	})
	return cfg, err
}

// transport is that of requests to this server, if it has to be a special one.
func (s *Server) transport() http.RoundTripper {
	switch {
	case !s.started():
		return s.RoundTripper()
	case s.tls:
		return s.Transport()
	}
	return nil
}
