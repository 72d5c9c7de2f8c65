package alf_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
)

// tokenServer is a token endpoint without a network.
type tokenServer struct {
	requests  atomic.Int64
	tokenType string
}

func (s *tokenServer) RoundTrip(r *http.Request) (*http.Response, error) {
	n := s.requests.Add(1)
	body := fmt.Sprintf(`{"access_token":"very-secret-token-%d","token_type":%q,"expires_in":3600,"scope":"read"}`, n, s.tokenType)
	return &http.Response{
		StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

const longSecret = "a client secret that is long"

// processOf is the configuration of a process.
func processOf(s store.Store, server *tokenServer) alf.Config {
	return alf.Config{
		TokenURL: "https://as.example.com/token", ClientID: "client-id", ClientSecret: alf.Secret(longSecret), Scopes: []string{"a", "b"},
		TokenRequest: alf.TokenRequest{Transport: server}, Store: s,
	}
}

// tokenOf is the token of a process that lives for one request.
func tokenOf(t *testing.T, cfg alf.Config) string {
	t.Helper()
	c, err := alf.New(cfg)
	require.NoError(t, err)
	defer c.Close()
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	synctest.Wait() // until what was fetched is handed in
	return token.Value()
}

func TestD1_ProcessesShareOneToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "Bearer"}
		first := tokenOf(t, processOf(s, server))
		for range 5 {
			require.Equal(t, first, tokenOf(t, processOf(s, server)))
		}
		cfg := processOf(s, server)
		cfg.Scopes = []string{"b", "a"}
		require.Equal(t, first, tokenOf(t, cfg), "the order of scopes does not matter")
		require.EqualValues(t, 1, server.requests.Load())

		dump := s.Dump()
		for _, shown := range []string{"very-secret-token", longSecret, "client-id", "as.example.com", "read"} {
			require.NotContains(t, dump, shown)
		}
	})
}

// Two clients that differ in anything that the authorization server sees never share.
func TestD1_WhatDiffersIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "Bearer"}
		seen := map[string]string{}
		for name, change := range map[string]func(c *alf.Config){
			"nothing":        func(*alf.Config) {},
			"endpoint":       func(c *alf.Config) { c.TokenURL = "https://as.example.com/token/" },
			"query":          func(c *alf.Config) { c.TokenURL += "?tenant=2" },
			"client id":      func(c *alf.Config) { c.ClientID = "client" },
			"secret":         func(c *alf.Config) { c.ClientSecret = alf.Secret(longSecret + "!") },
			"scopes":         func(c *alf.Config) { c.Scopes = []string{"a"} },
			"one scope":      func(c *alf.Config) { c.Scopes = []string{"ab"} },
			"audience":       func(c *alf.Config) { c.Audience = []string{"x"} },
			"resource":       func(c *alf.Config) { c.Resource = []string{"https://x.example.com"} },
			"params":         func(c *alf.Config) { c.Params = url.Values{"tenant": {"1"}} },
			"header":         func(c *alf.Config) { c.TokenRequest.Header = http.Header{"X-Tenant": {"1"}} },
			"authentication": func(c *alf.Config) { c.AuthStyle = alf.AuthPost },
			"strictness":     func(c *alf.Config) { c.StrictTokenType = true },
			"scheme":         func(c *alf.Config) { c.AuthScheme = "Token" },
			"key":            func(c *alf.Config) { c.StoreKey = alf.StoreKey("another key of the store, long") },
		} {
			cfg := processOf(s, server)
			change(&cfg)
			before := server.requests.Load()
			value := tokenOf(t, cfg)
			require.Empty(t, seen[value], "%s shares with %s", name, seen[value])
			require.Equal(t, before+1, server.requests.Load(), name)
			seen[value] = name
		}
	})
}

// With a key, the client secret is not part of the identity, so that it can be replaced process by process.
func TestD1_ASecretIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "Bearer"}
		cfg := processOf(s, server)
		cfg.StoreKey = alf.StoreKey("the key of the store, of which all know")
		first := tokenOf(t, cfg)
		cfg.ClientSecret = alf.Secret("next")
		require.Equal(t, first, tokenOf(t, cfg))
	})
}

// With DPoP, processes with the same key share, and no others.
func TestD1_DPoPKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "DPoP"}
		with := func() alf.Config {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			require.NoError(t, err)
			cfg := processOf(s, server)
			cfg.DPoP = &alf.DPoP{Key: keys.Signer(key, "")}
			return cfg
		}
		one, other := with(), with()
		first := tokenOf(t, one)
		require.Equal(t, first, tokenOf(t, one))
		require.NotEqual(t, first, tokenOf(t, other))
	})
}

func TestD1_WhatCannotBeShared(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *alf.Config)
		field  string
	}{
		"a short secret":  {func(c *alf.Config) { c.ClientSecret = alf.Secret("short") }, "ClientSecret"},
		"a generated key": {func(c *alf.Config) { c.DPoP = &alf.DPoP{} }, "DPoP.Key"},
		"a certificate": {func(c *alf.Config) {
			c.AuthStyle, c.ClientSecret, c.StoreKey = alf.AuthTLS, nil, alf.StoreKey("0123456789abcdef")
			c.TokenRequest.Transport = nil
			c.Certificate = alf.CertificateFiles("cert.pem", "key.pem")
		}, "Store"},
		"no secret": {func(c *alf.Config) {
			c.AuthStyle, c.ClientSecret = alf.AuthExternalAssertion, nil
			c.Assertion.Source = alf.SecretFile("token")
		}, "StoreKey"},
		"a key and no store": {func(c *alf.Config) { c.Store, c.StoreKey = nil, alf.StoreKey("0123456789abcdef") }, "StoreKey"},
		"a fetcher": {func(c *alf.Config) {
			*c = alf.Config{Store: c.Store, Fetcher: constantFetcher(1)}
		}, "Store"},
		"a manager": {func(c *alf.Config) { *c = alf.Config{Store: c.Store, Manager: &fakeSource{}} }, "Store"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := processOf(new(memorystore.Store), new(tokenServer))
			c.change(&cfg)
			var fields []string
			for _, e := range alf.FieldErrors(cfg.Validate()) {
				fields = append(fields, e.Field)
			}
			require.Equal(t, []string{c.field}, fields)
		})
	}
}

// A secret that is read and too short makes no token fail.
func TestD4_AKeyThatIsTooShortFailsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &tokenServer{tokenType: "Bearer"}
		cfg := processOf(new(memorystore.Store), server)
		cfg.StoreKey = func(context.Context) ([]byte, []byte, error) { return []byte("short"), nil, nil }
		c, err := alf.New(cfg)
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Token(t.Context())
		require.NoError(t, err)
	})
}

// The tokens of pools are shared, each with its own (D1, P2).
func TestD1_PoolsShareTheirTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "Bearer"}
		values := map[string]bool{}
		for range 3 {
			pool, err := alf.NewPool(alf.PoolConfig{Config: processOf(s, server)})
			require.NoError(t, err)
			for _, audience := range []string{"one", "two"} {
				token, err := pool.Client(alf.Target{Audience: []string{audience}}).Token(t.Context())
				require.NoError(t, err)
				values[token.Value()] = true
			}
			synctest.Wait()
			require.NoError(t, pool.Close())
			synctest.Wait()
		}
		require.EqualValues(t, 2, server.requests.Load())
		require.Len(t, values, 2)

		cfg := processOf(s, server)
		cfg.Audience = []string{"one"}
		require.True(t, values[tokenOf(t, cfg)], "and with clients of their own")
	})
}

// Tenants need a key of the store: what would be derived from a tenant's secret is not known before its configuration.
func TestD1_PoolsOfTenants(t *testing.T) {
	tenant := func(context.Context, string) (alf.Config, error) {
		return alf.Config{TokenURL: "https://as.example.com/token", ClientID: "tenant", ClientSecret: alf.Secret("short")}, nil
	}
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "Bearer"}
		cfg := alf.PoolConfig{Config: alf.Config{Store: s, TokenRequest: alf.TokenRequest{Transport: server}}, Tenant: tenant}
		_, err := alf.NewPool(cfg)
		require.ErrorContains(t, err, "Config.StoreKey")
		cfg.Config.StoreKey = alf.StoreKey("the key of the store, of which all know")
		for range 3 {
			pool, err := alf.NewPool(cfg)
			require.NoError(t, err)
			_, err = pool.Client(alf.Target{Tenant: "t"}).Token(t.Context())
			require.NoError(t, err)
			synctest.Wait()
			require.NoError(t, pool.Close())
			synctest.Wait()
		}
		require.EqualValues(t, 1, server.requests.Load())
	})
}

// What happens to a shared token reaches the hook and the logger of a client, and shows no secret.
func TestD10_SharingReachesHookAndLogger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, server := new(memorystore.Store), &tokenServer{tokenType: "Bearer"}
		tokenOf(t, processOf(s, server))
		var text bytes.Buffer
		var events []alf.Event
		cfg := processOf(s, server)
		cfg.Hook = func(e alf.Event) { events = append(events, e) }
		cfg.Logger = slog.New(slog.NewTextHandler(&text, nil))
		c, err := alf.New(cfg)
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Token(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, events, 1)
		require.Equal(t, manager.Published, events[0].Kind)
		require.Equal(t, manager.CauseShared, events[0].Cause)
		require.Contains(t, text.String(), "level=INFO msg=\"alf: token published\"")
		require.Contains(t, text.String(), "cause=shared")
		require.EqualValues(t, 1, c.Stats().Sharing.Adopted)

		time.Sleep(10 * time.Minute)
		s.Set(memorystore.Down)
		_, err = c.Refresh(t.Context())
		require.NoError(t, err)
		synctest.Wait()
		require.Contains(t, text.String(), "level=WARN msg=\"alf: store failed\" error=\"the store is down\"")
		require.Positive(t, c.Stats().Sharing.Errors)
		s.Set(memorystore.None)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Contains(t, text.String(), "level=INFO msg=\"alf: token offered\"")
		require.EqualValues(t, 1, c.Stats().Sharing.Offered)
		for _, secret := range []string{"very-secret-token", longSecret} {
			require.NotContains(t, text.String()+fmt.Sprintf("%+v", events), secret)
		}
	})
}
