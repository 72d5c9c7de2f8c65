package sim

import (
	"context"
	"fmt"
	"maps"
	"net/http"

	"github.com/alf-go/alf"
)

// clients are those that the token endpoint knows, beside that of the options.
type clients struct {
	byID map[string]client
	// at has those of Configure once more, by their token endpoints too: in production, different authorization servers
	// may know different clients by the same id.
	at map[clientAt]client
}

type clientAt struct{ endpoint, id string }

func newClients() clients { return clients{map[string]client{}, map[clientAt]client{}} }

// remove forgets a client, wherever it is known.
func (c *clients) remove(id string) {
	delete(c.byID, id)
	maps.DeleteFunc(c.at, func(key clientAt, _ client) bool { return key.id == id })
}

// find returns the client that a request to an address is from.
func (c *clients) find(address, id string) (found client, ok bool) {
	if found, ok = c.at[clientAt{normalized(address), id}]; !ok {
		found, ok = c.byID[id]
	}
	return found, ok
}

// setSecret replaces the secret of a client, wherever it is known.
func (c *clients) setSecret(id, secret string) {
	with := func(registered *Registration) client {
		changed := newClient(id, secret)
		changed.registered = registered
		return changed
	}
	c.byID[id] = with(c.byID[id].registered)
	for key, one := range c.at {
		if key.id == id {
			c.at[key] = with(one.registered)
		}
	}
}

// AddClient makes a client known to the token endpoint, with a secret made up for the test; "" makes it take any. If it
// is known already, the secret is replaced, and a [Registration] remains as it is otherwise. From the first one on,
// clients that were neither added nor registered nor named in [Options].ClientID are refused with invalid_client.
func (s *Server) AddClient(id, secret string) { s.set(func() { s.clients.setSecret(id, secret) }) }

// RemoveClient makes a client unknown again. The API goes on taking the tokens that were issued to it; see
// [Selection.Revoke].
func (s *Server) RemoveClient(id string) { s.set(func() { s.clients.remove(id) }) }

// clientOf returns the client that a request to an address is from: one that was registered or added, or that of the
// options, which is any one as long as none was named, registered or added.
func (s *state) clientOf(address, id string) (c client, ok bool) {
	if c, ok = s.clients.find(address, id); ok {
		return c, true
	}
	return s.client, id != "" && (s.client.id == id || s.client.id == "" && len(s.clients.byID) == 0)
}

// sample returns what a client would authenticate with; ok is false for one that would be refused.
func (s *state) sample(id string) (secret string, ok bool) {
	c, ok := s.clientOf("", id)
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
		if r := s.clients.byID[id].registered; r != nil && r.AuthStyle != alf.AuthBasic {
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
