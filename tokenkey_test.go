package alf_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// normalized is a token request without what may differ between two that ask for the same token.
func normalized(t *testing.T, sent string) string {
	head, body, _ := strings.Cut(sent, "\n\n")
	if body == "" {
		head, body, _ = strings.Cut(sent, "\r\n\n")
	}
	form, err := url.ParseQuery(body)
	require.NoError(t, err)
	if scope := form.Get("scope"); scope != "" {
		scopes := strings.Split(scope, " ")
		slices.Sort(scopes)
		form.Set("scope", strings.Join(scopes, " "))
	}
	return head + "\n" + form.Encode()
}

// TestP2_SharedIfAndOnlyIfTheTokenRequestsAreEqual draws pairs of configurations, makes both token requests, and
// compares their bytes with what the pool does.
func TestP2_SharedIfAndOnlyIfTheTokenRequestsAreEqual(t *testing.T) {
	shared, apart := 0, 0
	for seed := range uint64(600) {
		rng := rand.New(rand.NewPCG(seed, 2))
		a := drawConfig(rng)
		b := a
		b.Params, b.TokenRequest.Header = maps.Clone(a.Params), a.TokenRequest.Header.Clone()
		for range rng.IntN(3) {
			vary(rng, &b)
		}
		if a.Validate() != nil || b.Validate() != nil {
			continue // a client id with a colon, which Basic without encoding cannot send
		}
		wire := &recorder{}
		var requests []string
		for _, cfg := range []alf.Config{a, b} {
			cfg.TokenRequest.Transport = wire
			c, err := alf.New(cfg)
			require.NoError(t, err, "seed %d", seed)
			_, err = c.Token(t.Context())
			require.NoError(t, err)
			c.Close()
			requests = append(requests, normalized(t, wire.sent[len(wire.sent)-1]))
		}
		same := requests[0] == requests[1]

		wire = &recorder{}
		pool, err := alf.NewPool(alf.PoolConfig{
			Config: alf.Config{TokenRequest: alf.TokenRequest{Transport: wire}},
			Tenant: func(_ context.Context, name string) (alf.Config, error) {
				cfg := a
				if name == "b" {
					cfg = b
				}
				cfg.TokenRequest.Transport = wire
				return cfg, nil
			},
		})
		require.NoError(t, err)
		for _, name := range []string{"a", "b"} {
			_, err = pool.Client(alf.Target{Tenant: name}).Token(t.Context())
			require.NoError(t, err)
		}
		want := 2
		if same {
			want = 1
			shared++
		} else {
			apart++
		}
		require.Len(t, wire.sent, want, "seed %d\n%s\n\n%s", seed, requests[0], requests[1])
		pool.Close()
	}
	require.Greater(t, shared, 100)
	require.Greater(t, apart, 100)
}

func pick[T any](rng *rand.Rand, from ...T) T { return from[rng.IntN(len(from))] }

func drawConfig(rng *rand.Rand) alf.Config {
	cfg := alf.Config{TokenURL: "https://auth.example.com/token", ClientID: "id", ClientSecret: alf.Secret("secret")}
	for range 6 {
		vary(rng, &cfg)
	}
	return cfg
}

// vary changes something, which may not make a difference.
func vary(rng *rand.Rand, cfg *alf.Config) {
	switch rng.IntN(11) {
	case 0:
		cfg.TokenURL = "https://auth.example.com/token" + pick(rng, "", "", "?x=1")
	case 1:
		cfg.ClientID = pick(rng, "id", "i", "i d", "id:")
	case 2:
		cfg.ClientSecret = alf.Secret(pick(rng, "secret", "s", "s+t", "d:secret"))
	case 3:
		cfg.Scopes = pick(rng, nil, []string{}, []string{"a"}, []string{"a", "b"}, []string{"b", "a"}, []string{"a", "a"}, []string{"ab"})
	case 4:
		cfg.Audience = pick(rng, nil, []string{}, []string{"x"}, []string{"x", "y"}, []string{"y", "x"})
	case 5:
		cfg.Resource = pick(rng, nil, []string{"https://x"}, []string{"https://x", "https://y"})
	case 6:
		cfg.Params = pick(rng, nil, url.Values{}, url.Values{"p": {"1"}}, url.Values{"p": {"1", "2"}}, url.Values{"p": {}}, url.Values{"q": {"1"}})
	case 7:
		cfg.AuthStyle = pick(rng, alf.AuthBasic, alf.AuthBasicRaw, alf.AuthPost)
	case 8:
		cfg.TokenRequest.Header = pick(rng, nil, http.Header{"X-One": {"1"}}, http.Header{"x-one": {"1"}}, http.Header{"X-One": {"1", "2"}}, http.Header{"User-Agent": {"u"}})
	case 9:
		cfg.TokenRequest.Timeout = pick(rng, 0, time.Second)
	case 10:
		cfg.AllowHTTP = pick(rng, nil, []string{"other.example.com"})
	}
}

func TestP2_FunctionsAreTheSameForTheSameTenantOnly(t *testing.T) {
	inPool(t, func(k *poolKit) {
		k.tenants(func(_ context.Context, name string) (alf.Config, error) {
			cfg := k.tenant("one")
			cfg.ClientSecret = func(context.Context) (string, error) { return "same", nil }
			return cfg, nil
		})
	}, func(t *testing.T, k *poolKit) {
		first := k.token(alf.Target{Tenant: "a"})
		require.NotEqual(t, first, k.token(alf.Target{Tenant: "b"}))
		c := k.pool.Client(alf.Target{Tenant: "a"})
		token, err := c.Refresh(t.Context())
		require.NoError(t, err, "the same tenant's function is the same one though it is made each time")
		require.NotEqual(t, first, token.Value())
		require.Equal(t, 2, k.pool.Stats().Tokens)
	})
}
