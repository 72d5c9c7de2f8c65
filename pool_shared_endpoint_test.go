package alf_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// TestE1_TenantsShareAnEndpointThoughItsSettingsAreFunctions: Go compares no functions, but those of the pool's own
// TokenRequest are the same for every tenant that sets none, as are those of an Endpoint. Those that a tenant returns
// may be others for each tenant.
func TestE1_TenantsShareAnEndpointThoughItsSettingsAreFunctions(t *testing.T) {
	direct := func(*http.Request) (*url.URL, error) { return nil, nil }
	for _, c := range []struct {
		name              string
		pool, tenant      alf.TokenRequest
		endpoint, sharing bool
	}{
		{name: "the pool's proxy", pool: alf.TokenRequest{Proxy: direct}, sharing: true},
		{name: "the pool's transport", pool: alf.TokenRequest{Transport: roundTripper(http.DefaultTransport.RoundTrip)}, sharing: true},
		{name: "each tenant's proxy", tenant: alf.TokenRequest{Proxy: direct}},
		{name: "an endpoint's proxy", endpoint: true, sharing: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newIDP(t)
			var shared *alf.TokenEndpoint
			if c.endpoint {
				var err error
				shared, err = alf.NewTokenEndpoint(alf.TokenEndpointConfig{Issuer: s.URL, AllowHTTP: []string{"127.0.0.1"}, TokenRequest: alf.TokenRequest{Proxy: direct}})
				require.NoError(t, err)
			}
			pool, err := alf.NewPool(alf.PoolConfig{
				Config: alf.Config{TokenRequest: c.pool},
				Tenant: func(_ context.Context, name string) (alf.Config, error) {
					cfg := alf.Config{ClientID: name, ClientSecret: alf.Secret("x"), Endpoint: shared}
					if shared == nil {
						cfg.Issuer, cfg.AllowHTTP, cfg.TokenRequest = s.URL, []string{"127.0.0.1"}, c.tenant
					}
					return cfg, nil
				},
			})
			require.NoError(t, err)
			defer pool.Close()
			for _, tenant := range []string{"a", "b", "c"} {
				token, err := pool.Client(alf.Target{Tenant: tenant}).Token(t.Context())
				require.NoError(t, err)
				require.Equal(t, "for-"+tenant, token.Value())
			}
			s.set(func(string) (int, string) {
				return http.StatusServiceUnavailable, `{"error":"server_error","error_description":"for one client"}`
			})
			for _, tenant := range []string{"a", "b"} {
				_, err := pool.Client(alf.Target{Tenant: tenant}).Refresh(t.Context())
				require.Error(t, err)
			}
			before := s.tokens.Load()
			_, err = pool.Client(alf.Target{Tenant: "d"}).Token(t.Context())
			held := new(alf.HeldError)
			if c.sharing {
				require.EqualValues(t, 1, s.metadata.Load(), "read once for all")
				require.ErrorAs(t, err, &held)
				require.Equal(t, before, s.tokens.Load())
			} else {
				require.EqualValues(t, 4, s.metadata.Load())
				require.Error(t, err)
				require.False(t, errors.As(err, &held))
			}
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		})
	}
}

// TestP2_AFunctionOfThePoolIsNoOneTenantsOwn: with the same credentials, tenants share a token, too.
func TestP2_AFunctionOfThePoolIsNoOneTenantsOwn(t *testing.T) {
	inPool(t, func(k *poolKit) {
		k.tenants(func(context.Context, string) (alf.Config, error) { return k.tenant("same"), nil })
		send := k.cfg.Config.TokenRequest.Transport
		k.cfg.Config.TokenRequest = alf.TokenRequest{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return send.RoundTrip(r)
		})}
	}, func(t *testing.T, k *poolKit) {
		first := k.token(alf.Target{Tenant: "a"})
		require.Equal(t, first, k.token(alf.Target{Tenant: "b"}))
		require.Len(t, k.requests(), 1)
	})
}

// TestE2_APoolsHookGetsWhatHappensToItsEndpoints, one event at a time, though these have queues of their own.
func TestE2_APoolsHookGetsWhatHappensToItsEndpoints(t *testing.T) {
	var busy atomic.Int32
	var mu sync.Mutex
	kinds := map[manager.EventKind]alf.Event{}
	inPool(t, func(k *poolKit) {
		k.cfg.Config.Hook = func(e alf.Event) {
			assert.EqualValues(t, 1, busy.Add(1))
			defer busy.Add(-1)
			time.Sleep(time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			kinds[e.Kind] = e
		}
	}, func(t *testing.T, k *poolKit) {
		k.kit.Respond(1, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "300")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		for i := range 20 {
			_, err := k.pool.Client(alf.Target{Scopes: []string{fmt.Sprint(i)}}).Token(t.Context())
			require.Error(t, err)
		}
		require.NoError(t, k.pool.Close())
		time.Sleep(time.Second) // until the hook has had all events
		mu.Lock()
		defer mu.Unlock()
		held, ok := kinds[manager.ClientHeld]
		require.True(t, ok)
		require.Equal(t, k.cfg.Config.ClientID, held.ClientID)
		require.Equal(t, k.kit.TokenURL(), held.Endpoint)
		require.Contains(t, kinds, manager.FetchEnded)
	})
}

// What an endpoint keeps open ends with the last that uses it, be it a pool.
func TestE1_APoolEndsWhatItsEndpointHolds(t *testing.T) {
	var conns dialing
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"access_token":"x","token_type":"Bearer","expires_in":3600}`)
	}))
	s.Listener = &counting{s.Listener, &conns}
	s.Start()
	t.Cleanup(s.Close)
	endpoint, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{TokenURL: s.URL})
	require.NoError(t, err)
	cfg := alf.Config{Endpoint: endpoint, ClientID: testID, ClientSecret: alf.Secret(testSecret)}
	pool, err := alf.NewPool(alf.PoolConfig{Config: cfg})
	require.NoError(t, err)
	_, err = pool.Client(alf.Target{}).Token(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, conns.open.Load())
	require.NoError(t, pool.Close())
	conns.requireOpen(t, 0)
}
