package alf_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

func TestP1_OneTokenForEachTarget(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		stock := k.pool.Client(alf.Target{Audience: []string{"https://stock.example.com"}})
		resp, err := stock.Get(k.kit.APIURL())
		require.NoError(t, err)
		resp.Body.Close()
		first := k.token(alf.Target{Audience: []string{"https://stock.example.com"}})
		require.NotEqual(t, first, k.token(alf.Target{Audience: []string{"https://orders.example.com"}}))
		require.Equal(t, first, k.token(alf.Target{Audience: []string{"https://stock.example.com"}}))
		require.Equal(t, k.token(alf.Target{Scopes: []string{"a", "b"}}), k.token(alf.Target{Scopes: []string{"b", "a"}}))
		require.Equal(t, 3, k.pool.Stats().Tokens)
		require.Len(t, k.requests(), 3)
	})
}

func TestP1_TheContextNamesTheTarget(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		several := k.pool.HTTPClient()
		a, b := alf.Target{Scopes: []string{"a"}}, alf.PrepareTarget(alf.Target{Scopes: []string{"b"}})
		for range 3 {
			_, err := k.get(several, alf.WithTarget(t.Context(), a), k.kit.APIURL())
			require.NoError(t, err)
			_, err = k.get(several, alf.WithPreparedTarget(t.Context(), b), k.kit.APIURL())
			require.NoError(t, err)
		}
		_, err := k.get(several, t.Context(), k.kit.APIURL())
		require.NoError(t, err)
		require.Len(t, k.requests(), 3)
		require.Equal(t, 3, k.pool.Stats().Tokens)
		require.Equal(t, []string{"b"}, b.Target().Scopes)
	})
}

func TestP1_WrapFetcherWrapsTheFetcherOfEachTarget(t *testing.T) {
	var seen []manager.FetchInfo
	inPool(t, func(k *poolKit) {
		k.cfg.Config.WrapFetcher = func(built alf.Fetcher) alf.Fetcher {
			return alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
				info, ok := manager.FetchInfoFrom(ctx)
				require.True(k, ok)
				seen = append(seen, info)
				return built.Fetch(ctx)
			})
		}
	}, func(t *testing.T, k *poolKit) {
		a, b := alf.Target{Scopes: []string{"a"}}, alf.Target{Scopes: []string{"b"}}
		first := k.token(a)
		k.token(b)
		require.Equal(t, []manager.FetchInfo{{Cause: manager.CauseCold, Attempt: 1}, {Cause: manager.CauseCold, Attempt: 1}}, seen)
		require.True(t, k.kit.RevokeToken(first))
		resp, err := k.pool.Client(a).Get(k.kit.APIURL())
		require.NoError(t, err)
		resp.Body.Close()
		require.Len(t, seen, 3)
		require.Equal(t, manager.CauseRejected, seen[2].Cause)
		require.Equal(t, first, seen[2].Rejected.Value())
		require.Len(t, k.requests(), 3)
	})
}

// A wrapper that is none is the error of the requests that need it: the pool does not know its targets before.
func TestP1_WrapFetcherThatReturnsNil(t *testing.T) {
	inPool(t, func(k *poolKit) { k.cfg.Config.WrapFetcher = func(alf.Fetcher) alf.Fetcher { return nil } }, func(t *testing.T, k *poolKit) {
		_, err := k.pool.Client(alf.Target{}).Token(t.Context())
		require.ErrorContains(t, err, "WrapFetcher: it returned nil")
	})
}

func TestP4_TargetsAreForgottenAndBounded(t *testing.T) {
	inPool(t, func(k *poolKit) { k.cfg.MaxTokens = 10 }, func(t *testing.T, k *poolKit) {
		several := k.pool.HTTPClient()
		for i := range 100 {
			_, err := k.get(several, alf.WithTarget(t.Context(), alf.Target{Scopes: []string{fmt.Sprint(i)}}), k.kit.APIURL())
			require.NoError(t, err)
		}
		synctest.Wait()
		require.Equal(t, 10, k.pool.Stats().Tokens)
		time.Sleep(3 * time.Hour)
		require.Zero(t, k.pool.Stats().Tokens)
	})
}

func TestP7_ARejectedTokenIsReplacedAndTheRequestSentAgain(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		target := alf.Target{Scopes: []string{"a"}}
		first := k.token(target)
		other := k.token(alf.Target{Scopes: []string{"b"}})
		require.True(t, k.kit.RevokeToken(first))
		resp, err := k.get(k.pool.HTTPClient(), alf.WithTarget(t.Context(), target), k.kit.APIURL())
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.NotEqual(t, first, k.token(target))
		require.Equal(t, other, k.token(alf.Target{Scopes: []string{"b"}}))
		require.EqualValues(t, 1, k.pool.Stats().Requests.RetrySucceeded)
	})
}

func TestP7_CloseEndsAllClients(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		c := k.pool.Client(alf.Target{})
		_, err := c.Token(t.Context())
		require.NoError(t, err)
		require.NoError(t, k.pool.Close())
		_, err = c.Token(t.Context())
		require.ErrorIs(t, err, alf.ErrClosed)
		_, err = k.get(k.pool.HTTPClient(), t.Context(), k.kit.APIURL())
		require.ErrorIs(t, err, alf.ErrClosed)
	})
}

func TestP7_WatchFollowsATarget(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		ctx, cancel := context.WithCancel(t.Context())
		n := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for token, err := range k.pool.Client(alf.Target{}).Watch(ctx) {
				require.NoError(t, err)
				require.NotNil(t, token)
				n++
			}
		}()
		time.Sleep(5 * time.Hour)
		cancel()
		<-done
		require.GreaterOrEqual(t, n, 6)
	})
}

func TestP1_ImpossiblePoolsAreRefused(t *testing.T) {
	_, err := alf.NewPool(alf.PoolConfig{Config: alf.Config{
		Fetcher: alf.FetcherFunc(nil), Manager: nil,
	}})
	require.ErrorContains(t, err, "Config.Fetcher")
	_, err = alf.NewPool(alf.PoolConfig{
		Config:  alf.Config{TokenURL: "https://x", ClientID: "x", Origins: []string{"https://a"}},
		Tenant:  func(context.Context, string) (alf.Config, error) { return alf.Config{}, nil },
		Origins: map[string]alf.Target{"https://a/path": {Tenant: "a"}, "https://b": {}},
	})
	for _, text := range []string{"Config.TokenURL", "Config.ClientID", "Config.Origins", `Origins["https://a/path"]`, `Origins["https://b"].Tenant`} {
		require.ErrorContains(t, err, text)
	}
	pool, err := alf.NewPool(alf.PoolConfig{Config: alf.Config{TokenURL: "https://x", ClientID: "x", ClientSecret: alf.Secret("y")}})
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Client(alf.Target{Tenant: "a"}).Token(t.Context())
	require.ErrorContains(t, err, "Tenant")
	_, err = pool.Client(alf.Target{Params: url.Values{"scope": {"a"}}}).Token(t.Context())
	require.ErrorContains(t, err, "Params")
}

func TestP6_ReadingThroughAHandleAllocatesNothing(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		c := k.pool.Client(alf.Target{})
		ctx := t.Context()
		_, err := c.Token(ctx)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(100, func() { c.Token(ctx) }))
	})
}

func TestP2_LaterChangesOfAPoolConfigHaveNoEffect(t *testing.T) {
	cfg := alf.PoolConfig{Origins: map[string]alf.Target{"https://api.example.com": {Audience: []string{"b"}}}}
	sent := ""
	inPool(t, func(k *poolKit) {
		cfg.Config = k.cfg.Config
		cfg.Config.Scopes, cfg.Config.Resource, cfg.Config.Params = []string{"a"}, []string{"https://c"}, url.Values{"d": {"e"}}
		cfg.Config.TokenRequest.Header = http.Header{"X-One": {"1"}}
		server := cfg.Config.TokenRequest.Transport
		cfg.Config.TokenRequest.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
			sent = req.Header.Get("X-One")
			return server.RoundTrip(req)
		})
		k.cfg = cfg
	}, func(t *testing.T, k *poolKit) {
		target := alf.Target{Audience: []string{"b"}}
		early := k.pool.Client(target)
		cfg.Config.Scopes[0], cfg.Config.Resource[0], cfg.Config.Params["d"][0] = "x", "https://x", "x"
		cfg.Config.Params.Set("x", "x")
		cfg.Config.TokenRequest.Header.Set("X-One", "x")
		cfg.Origins["https://api.example.com"].Audience[0] = "x"
		clear(cfg.Origins)
		for _, c := range []*http.Client{early.HTTPClient(), k.pool.Client(target).HTTPClient(), k.pool.HTTPClient()} {
			_, err := k.get(c, t.Context(), "https://api.example.com/")
			require.NoError(t, err)
		}
		require.Len(t, k.requests(), 1)
		require.Equal(t, url.Values{
			"grant_type": {"client_credentials"}, "scope": {"a"}, "audience": {"b"}, "resource": {"https://c"}, "d": {"e"},
		}, k.requests()[0].Form)
		require.Equal(t, "1", sent)
	})
}
