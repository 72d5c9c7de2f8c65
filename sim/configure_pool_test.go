package sim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

func (c *configured) pool(cfg alf.PoolConfig) *alf.Pool {
	c.Helper()
	cfg, err := c.server.ConfigurePool(cfg)
	require.NoError(c, err)
	pool, err := alf.NewPool(cfg)
	require.NoError(c, err)
	c.Cleanup(func() {
		pool.Close()
		pool.CloseIdleConnections()
	})
	return pool
}

func (c *configured) send(client *http.Client, url string) error {
	resp, err := client.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode == http.StatusOK {
		return err
	}
	return errors.New(resp.Status)
}

// Tenants with authorization servers, styles and credentials of their own.
func TestConfigurePool_ServesTenants(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		styles := map[string]alf.AuthStyle{"north": alf.AuthPost, "south": alf.AuthPrivateKeyJWT, "west": alf.AuthExternalAssertion}
		configs := map[string]alf.Config{}
		for tenant, style := range styles {
			cfg := production(c.T, style, c.server)
			cfg.ClientID, cfg.TokenURL, cfg.Issuer = tenant, "", "https://"+tenant+".example.com/login"
			configs[tenant] = cfg
		}
		configs["broken"] = alf.Config{ClientID: "broken", TokenURL: productionTokenURL}
		pool := c.pool(alf.PoolConfig{Tenant: func(_ context.Context, name string) (alf.Config, error) {
			cfg, ok := configs[name]
			if !ok {
				return cfg, errors.New("no such tenant")
			}
			return cfg, nil
		}})
		for tenant, style := range styles {
			client := pool.Client(alf.Target{Tenant: tenant})
			require.NoError(c, c.send(client.HTTPClient(), productionAPI), tenant)
			asked := c.server.Client(tenant).TokenRequests()
			require.Len(c, asked, 1)
			require.Equal(c, style.String(), asked[0].AuthMethod)
		}
		require.Equal(c, 3, c.server.Stats().MetadataRequests)
		for _, tenant := range []string{"broken", "unknown"} {
			_, err := pool.Client(alf.Target{Tenant: tenant}).Token(c.Context())
			var failed *alf.TenantError
			require.ErrorAs(c, err, &failed, tenant)
		}

		// What a tenant's configuration has later is not registered by itself.
		c.server.AddClient("north", "rotated")
		_, err := pool.Client(alf.Target{Tenant: "north"}).Refresh(c.Context())
		var refused *alf.EndpointError
		require.ErrorAs(c, err, &refused)
		require.Equal(c, "invalid_client", refused.Code)
	})
}

// Tenants whose authorization servers know them by the same id.
func TestConfigurePool_ServesTenantsOfTheSameID(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		pool := c.pool(alf.PoolConfig{Tenant: func(_ context.Context, name string) (alf.Config, error) {
			return alf.Config{
				Issuer: "https://login.example.com/realms/" + name, ClientID: "orders", ClientSecret: alf.Secret("of " + name),
				TokenRequest: alf.TokenRequest{Header: http.Header{"X-Tenant": {name}}},
			}, nil
		}})
		for range 2 {
			for _, tenant := range []string{"north", "south"} {
				_, err := pool.Client(alf.Target{Tenant: tenant}).Refresh(c.Context())
				require.NoError(c, err, tenant)
			}
		}
	})
}

// One client with a token for each audience.
func TestConfigurePool_ServesAudiences(t *testing.T) {
	inEveryWay(t, sim.Options{CheckAudience: true}, func(c *configured) {
		cfg := production(c.T, alf.AuthBasic, c.server)
		cfg.Audience, cfg.DPoP = nil, &alf.DPoP{}
		pool := c.pool(alf.PoolConfig{Config: cfg, Origins: map[string]alf.Target{
			"https://stock.example.com":  {Audience: []string{"https://stock.example.com"}},
			"https://orders.example.com": {Resource: []string{"https://orders.example.com"}},
		}})
		for _, url := range []string{productionAPI, "https://orders.example.com/7", productionAPI} {
			require.NoError(c, c.send(pool.HTTPClient(), url), url)
		}
		require.Len(c, c.server.Audience("https://stock.example.com").TokenRequests(), 1)
		require.Len(c, c.server.Audience("https://orders.example.com").TokenRequests(), 1)
		require.Empty(c, c.server.Refusals())
	})
}

func TestConfigurePool_NamesWhatItCannotServe(t *testing.T) {
	server := sim.New(sim.Options{})
	tenant := func(context.Context, string) (alf.Config, error) {
		return alf.Config{Fetcher: alf.FetcherFunc(nil)}, nil
	}
	_, err := server.ConfigurePool(alf.PoolConfig{Config: alf.Config{Manager: new(anyManager)}, Tenant: tenant})
	require.Equal(t, "Manager", alf.FieldErrors(err)[0].Field)
	_, err = server.ConfigurePool(alf.PoolConfig{Config: alf.Config{Fetcher: alf.FetcherFunc(nil)}})
	require.Equal(t, "Fetcher", alf.FieldErrors(err)[0].Field)
	c := &configured{t, server}
	_, err = c.pool(alf.PoolConfig{Tenant: tenant}).Client(alf.Target{Tenant: "north"}).Token(t.Context())
	require.ErrorContains(t, err, "Fetcher")
	_, err = server.ConfigurePool(alf.PoolConfig{Tenant: tenant, IdleTime: time.Second})
	require.Equal(t, "IdleTime", alf.FieldErrors(err)[0].Field)
}

// Clients of one endpoint, as in production: connections and metadata are shared, one has a certificate.
func TestNewTokenEndpoint_IsSharedByConfigurations(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		c.Cleanup(c.server.Close) // the connections of an endpoint are not those of one client
		endpoint, err := c.server.NewTokenEndpoint(alf.TokenEndpointConfig{Issuer: productionIssuer})
		require.NoError(c, err)
		for _, style := range []alf.AuthStyle{alf.AuthPost, alf.AuthTLS, alf.AuthPrivateKeyJWT} {
			cfg := production(c.T, style, c.server)
			cfg.ClientID, cfg.TokenURL, cfg.Endpoint = style.String(), "", endpoint
			require.Equal(c, http.StatusOK, c.get(c.client(cfg), productionAPI), style)
		}
		require.Equal(c, 3, endpoint.Stats().Clients)
		require.Equal(c, 1, c.server.Stats().MetadataRequests)
		_, err = c.server.NewTokenEndpoint(alf.TokenEndpointConfig{Issuer: "://"})
		require.Error(c, err)
	})
}
