package redisstore_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/redisstore"
)

// authority is a token endpoint and an API in one.
type authority struct {
	*httptest.Server
	mu      sync.Mutex
	issued  int
	revoked int // tokens up to this one
}

func newAuthority(t *testing.T) *authority {
	a := new(authority)
	a.Server = httptest.NewServer(a)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.URL.Path == "/token" {
		a.issued++
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":"very-secret-token-%d","token_type":"Bearer","expires_in":3600}`, a.issued)
		return
	}
	var n int
	if _, err := fmt.Sscanf(r.Header.Get("Authorization"), "Bearer very-secret-token-%d", &n); err != nil || n <= a.revoked {
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func (a *authority) revoke() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revoked = a.issued
}

func (a *authority) requests() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.issued
}

// visit sends a request to the API.
func (a *authority) visit(c *alf.Client) error {
	r, err := c.Get(a.URL + "/api")
	if err != nil {
		return err
	}
	defer func() { _ = r.Body.Close() }()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", r.StatusCode)
	}
	return nil
}

const clientSecret = "very-secret client secret"

func (a *authority) config(s *redisstore.Store) alf.Config {
	return alf.Config{
		TokenURL: a.URL + "/token", ClientID: "very-secret-client-id", ClientSecret: alf.Secret(clientSecret), Scopes: []string{"very-secret-scope"},
		AllowHTTP: []string{"127.0.0.1"}, Store: s,
	}
}

// TestD1_D5_ClientsShareATokenThroughRedis, each with a connection of its own, as processes have; and D3: what is in
// Redis shows nothing.
func TestD1_D5_ClientsShareATokenThroughRedis(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		server, a := startServer(t, program), newAuthority(t)
		const clients = 20
		var all [clients]*alf.Client
		var late atomic.Int64 // commands that took longer than 150 ms, as they may on a busy machine: each may cost a request (D4)
		for i := range all {
			s, err := redisstore.Open("redis://" + server.address)
			require.NoError(t, err)
			defer func() { require.NoError(t, s.Close()) }()
			require.NoError(t, s.Check(t.Context()))
			cfg := a.config(s)
			cfg.Hook = func(e alf.Event) {
				if e.Kind == manager.StoreFailed {
					late.Add(1)
				}
			}
			all[i], err = alf.New(cfg)
			require.NoError(t, err)
			defer all[i].Close()
		}
		everyone := func() {
			t.Helper()
			var group sync.WaitGroup
			var failures [clients]error
			for i, c := range all {
				group.Go(func() { failures[i] = a.visit(c) })
			}
			group.Wait()
			require.NoError(t, errors.Join(failures[:]...))
		}
		everyone()
		require.LessOrEqual(t, int64(a.requests()), 1+late.Load())
		a.revoke()
		everyone()
		require.LessOrEqual(t, int64(a.requests()), 2+late.Load())

		dump := ""
		client := server.client()
		names, err := client.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		for _, name := range names {
			if server.do(client, "TYPE", name) == "hash" {
				fields, err := client.HGetAll(t.Context(), name).Result()
				require.NoError(t, err)
				dump += fmt.Sprint(name, fields)
			}
		}
		require.Contains(t, dump, "alf:{")
		for _, shown := range []string{"very-secret", "Bearer", a.URL, strings.TrimPrefix(a.URL, "http://")} {
			require.NotContains(t, dump, shown)
		}
	})
}

// TestD4_WithoutAServerClientsWorkAlone, and share when there is one.
func TestD4_WithoutAServerClientsWorkAlone(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		server, a := startServer(t, program), newAuthority(t)
		server.kill()
		s, err := redisstore.Open("redis://" + server.address)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		c, err := alf.New(a.config(s))
		require.NoError(t, err)
		defer c.Close()
		_, err = c.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, a.requests())

		require.NoError(t, server.start())
		client := server.client()
		eventually(t, "the token is handed in", func() bool { return server.do(client, "DBSIZE") == int64(1) })
		other, err := redisstore.Open("redis://" + server.address)
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close()) }()
		require.NoError(t, other.Check(t.Context()))
		second, err := alf.New(a.config(other))
		require.NoError(t, err)
		defer second.Close()
		_, err = second.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, a.requests())
	})
}
