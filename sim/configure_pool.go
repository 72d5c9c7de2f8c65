package sim

import (
	"context"
	"sync"

	"github.com/alf-go/alf"
)

// ConfigurePool is [Server.Configure] for the configuration of a pool. A tenant's client is registered the first time
// that its configuration is read, which a first fetch does; so a test that rotates a tenant's credentials registers the
// new ones by [Server.Register] or [Server.AddClient].
func (s *Server) ConfigurePool(cfg alf.PoolConfig) (alf.PoolConfig, error) {
	if cfg.Tenant == nil {
		common, err := s.Configure(cfg.Config)
		cfg.Config = common
		return cfg, err
	}
	if err := s.unservable(cfg.Config); err != nil {
		return alf.PoolConfig{}, err
	}
	given, tenant := cfg.Config, cfg.Tenant
	cfg.Config = s.connect(given)
	cfg.Config.TokenURL, cfg.Config.Issuer = given.TokenURL, given.Issuer
	var registered sync.Map
	cfg.Tenant = func(ctx context.Context, name string) (alf.Config, error) {
		own, err := tenant(ctx, name)
		if err != nil {
			return own, err
		}
		if err := s.unservable(own); err != nil {
			return own, err
		}
		own = s.connectTenant(own)
		client := clientAt{endpointOf(own), own.ClientID}
		if _, again := registered.Load(client); again {
			return own, nil
		}
		whole := s.connect(own)
		if err := whole.Validate(); err != nil {
			return own, err
		}
		if err := s.registerClientOf(whole); err != nil {
			return own, err
		}
		registered.Store(client, true)
		return own, nil
	}
	if err := cfg.Validate(); err != nil {
		return alf.PoolConfig{}, err
	}
	return cfg, nil
}

// connectTenant makes the configuration of a tenant lead here. One without settings of its own for token requests has
// those of the pool, so that it shares an endpoint with others.
func (s *Server) connectTenant(cfg alf.Config) alf.Config {
	if cfg.TokenURL == "" && cfg.Issuer == "" && cfg.Endpoint == nil {
		cfg.TokenURL = s.TokenURL()
	}
	r := &cfg.TokenRequest
	if cfg.Endpoint != nil {
		return cfg
	}
	r.Proxy, r.TLS, r.Renegotiation, r.Transport = nil, nil, 0, nil
	if len(r.Header) > 0 || r.Timeout != 0 || r.HTTPClient != nil {
		*r = s.connectRequests(*r, false)
	}
	return cfg
}
