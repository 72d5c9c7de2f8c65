package alf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// poolKit is a pool at a kit, in a bubble.
type poolKit struct {
	*testing.T
	kit  *sim.Server
	cfg  alf.PoolConfig
	pool *alf.Pool
}

func inPool(t *testing.T, change func(k *poolKit), test func(t *testing.T, k *poolKit)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := &poolKit{T: t, kit: sim.New(sim.Options{})}
		k.cfg.Config = k.kit.Config()
		if change != nil {
			change(k)
		}
		var err error
		k.pool, err = alf.NewPool(k.cfg)
		require.NoError(t, err)
		defer func() {
			require.NoError(t, k.pool.Close())
			synctest.Wait()
		}()
		test(t, k)
	})
}

// tenants makes the pool one of tenants, with the part of the configuration that each tenant has.
func (k *poolKit) tenants(of func(ctx context.Context, name string) (alf.Config, error)) {
	whole := k.cfg.Config
	k.cfg.Config = alf.Config{HTTPClient: whole.HTTPClient, TokenRequest: whole.TokenRequest, Clock: whole.Clock, Rand: whole.Rand}
	k.cfg.Tenant = of
}

// tenant is the usual configuration of a tenant.
func (k *poolKit) tenant(id string) alf.Config {
	return alf.Config{TokenURL: k.kit.TokenURL(), ClientID: id, ClientSecret: alf.Secret("secret of " + id)}
}

func (k *poolKit) token(t alf.Target) string {
	k.Helper()
	token, err := k.pool.Client(t).Token(context.Background())
	require.NoError(k, err)
	return token.Value()
}

func (k *poolKit) requests() []sim.TokenRequest { return k.kit.TokenRequests() }

func (k *poolKit) get(c *http.Client, ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	require.NoError(k, err)
	resp, err := c.Do(req)
	if err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return resp, err
}

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

func TestP1_TheTableOfOriginsIsTheWholeSet(t *testing.T) {
	stock, orders := alf.Target{Scopes: []string{"stock"}}, alf.Target{Scopes: []string{"orders"}}
	inPool(t, func(k *poolKit) {
		k.cfg.Origins = map[string]alf.Target{"https://stock.example.com": stock, "https://orders.example.com": orders}
	}, func(t *testing.T, k *poolKit) {
		several := k.pool.HTTPClient()
		for _, address := range []string{"https://stock.example.com/1", "https://ORDERS.example.com:443/1"} {
			_, err := k.get(several, t.Context(), address)
			require.NoError(t, err)
		}
		require.Len(t, k.requests(), 2)
		for _, address := range []string{"https://other.example.com/", "http://stock.example.com/", "https://stock.example.com:8443/"} {
			_, err := k.get(several, t.Context(), address)
			require.ErrorIs(t, err, alf.ErrRefused, address)
		}
		_, err := k.get(several, alf.WithTarget(t.Context(), orders), "https://stock.example.com/")
		require.ErrorIs(t, err, alf.ErrRefused, "the context names a conflicting target")
		_, err = k.get(several, alf.WithTarget(t.Context(), stock), "https://stock.example.com/")
		require.NoError(t, err)
		_, err = k.get(k.pool.Client(stock).HTTPClient(), t.Context(), "https://orders.example.com/")
		require.ErrorIs(t, err, alf.ErrRefused, "a client of one target does not send its token to another's origin")
		_, err = k.get(k.pool.Client(alf.Target{Scopes: []string{"none"}}).HTTPClient(), t.Context(), "https://orders.example.com/")
		require.ErrorIs(t, err, alf.ErrRefused)
		require.EqualValues(t, 6, k.pool.Stats().Requests.Refused)
		require.Len(t, k.requests(), 2)
	})
}

// recorder responds to everything, and keeps what was sent.
type recorder struct {
	mu   sync.Mutex
	sent []string
	auth []string
	next func(*http.Request) *http.Response
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		read, _ := io.ReadAll(req.Body)
		body = string(read)
		req.Body.Close()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var head strings.Builder
	_ = req.Header.Write(&head)
	r.sent = append(r.sent, req.Method+" "+req.URL.String()+"\n"+head.String()+"\n"+body)
	r.auth = append(r.auth, req.Header.Get("Authorization"))
	if r.next != nil {
		if resp := r.next(req); resp != nil {
			resp.Request = req
			return resp, nil
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer","expires_in":3600}`, len(r.sent)))),
	}, nil
}

func TestP1_ARedirectToAnotherTargetsOriginCarriesNoToken(t *testing.T) {
	api := &recorder{next: func(req *http.Request) *http.Response {
		if req.URL.Host != "stock.example.com" || req.URL.Path != "/away" {
			return nil
		}
		return &http.Response{StatusCode: http.StatusFound, Header: http.Header{"Location": {"https://orders.example.com/"}}, Body: http.NoBody}
	}}
	inPool(t, func(k *poolKit) {
		k.cfg.Config.HTTPClient = &http.Client{Transport: api}
		k.cfg.Origins = map[string]alf.Target{
			"https://stock.example.com":  {Scopes: []string{"stock"}},
			"https://orders.example.com": {Scopes: []string{"orders"}},
		}
	}, func(t *testing.T, k *poolKit) {
		_, err := k.get(k.pool.HTTPClient(), t.Context(), "https://stock.example.com/away")
		require.NoError(t, err)
		require.Len(t, api.auth, 2)
		require.NotEmpty(t, api.auth[0])
		require.Empty(t, api.auth[1])
		require.Len(t, k.requests(), 1)
	})
}

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

func TestP3_ATenantFunctionThatFailsHangsOrPanicsAffectsNoOtherTenant(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]int{}
	down := errors.New("the database is down")
	inPool(t, func(k *poolKit) {
		k.tenants(func(ctx context.Context, name string) (alf.Config, error) {
			mu.Lock()
			calls[name]++
			n := calls[name]
			mu.Unlock()
			switch {
			case name == "fails" && n < 3:
				return alf.Config{}, down
			case name == "hangs" && n == 1:
				<-ctx.Done()
				return alf.Config{}, ctx.Err()
			case name == "panics" && n == 1:
				panic("s3cr3t")
			case name == "unusable":
				return alf.Config{ClientID: "x", Policy: alf.Policy{Attempts: 1}}, nil
			}
			return k.tenant(name), nil
		})
	}, func(t *testing.T, k *poolKit) {
		hanging := make(chan error, 1)
		start := time.Now()
		go func() {
			_, err := k.pool.Client(alf.Target{Tenant: "hangs"}).Token(t.Context())
			hanging <- err
		}()
		synctest.Wait()
		for _, c := range []struct{ name, text string }{{"fails", "the database is down"}, {"panics", "panicked with a string"}, {"unusable", "Policy"}} {
			_, err := k.pool.Client(alf.Target{Tenant: c.name}).Token(t.Context())
			var tenant *alf.TenantError
			require.ErrorAs(t, err, &tenant, c.name)
			require.Equal(t, c.name, tenant.Tenant)
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "s3cr3t")
		}
		require.NotEmpty(t, k.token(alf.Target{Tenant: "good"}))
		require.Equal(t, start, time.Now(), "no one has waited")
		_, err := k.pool.Client(alf.Target{Tenant: "fails"}).Get(k.kit.APIURL())
		require.ErrorIs(t, err, down, "remembered")
		require.Equal(t, 1, calls["fails"])
		time.Sleep(time.Second)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "panics"}))
		_, err = k.pool.Client(alf.Target{Tenant: "fails"}).Token(t.Context())
		require.ErrorIs(t, err, down)
		time.Sleep(time.Second)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "fails"}))
		err = <-hanging
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.Equal(t, 5*time.Second, time.Since(start))
		time.Sleep(time.Second)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "hangs"}))
	})
}

func TestP3_ATenantsRefusalAffectsNoOther(t *testing.T) {
	inPool(t, func(k *poolKit) {
		k.kit = sim.New(sim.Options{ClientID: "good", ClientSecret: "secret of good"})
		k.cfg.Config = k.kit.Config()
		k.tenants(func(_ context.Context, name string) (alf.Config, error) { return k.tenant(name), nil })
	}, func(t *testing.T, k *poolKit) {
		_, err := k.pool.Client(alf.Target{Tenant: "bad"}).Token(t.Context())
		var refused *alf.EndpointError
		require.ErrorAs(t, err, &refused)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "good"}))
	})
}

func TestP4_AChangedConfigurationTakesEffectAtTheNextFetch(t *testing.T) {
	id := "old"
	inPool(t, func(k *poolKit) {
		k.tenants(func(context.Context, string) (alf.Config, error) { return k.tenant(id), nil })
	}, func(t *testing.T, k *poolKit) {
		c := k.pool.Client(alf.Target{Tenant: "a"})
		first, err := c.Token(t.Context())
		require.NoError(t, err)
		id = "new"
		again, err := c.Token(t.Context())
		require.NoError(t, err)
		require.True(t, again.Same(first), "no fetch is due")
		fresh, err := c.Refresh(t.Context())
		require.NoError(t, err)
		require.False(t, fresh.Same(first))
		require.Equal(t, "new", k.requests()[1].ClientID)
		again, err = c.Token(t.Context())
		require.NoError(t, err)
		require.True(t, again.Same(fresh))

		id = "newest"
		k.pool.Forget(alf.Target{Tenant: "a"})
		_, err = c.Token(t.Context())
		require.NoError(t, err, "a handle on a forgotten target still works")
		require.Equal(t, "newest", k.requests()[2].ClientID)
		require.Len(t, k.requests(), 3)
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

// Two tenants share a token until the configuration of one of them changes. The other keeps its own.
func TestP2_AChangedConfigurationIsSharedNoLonger(t *testing.T) {
	ids := map[string]string{"a": "one", "b": "one"}
	inPool(t, func(k *poolKit) {
		k.tenants(func(_ context.Context, name string) (alf.Config, error) { return k.tenant(ids[name]), nil })
	}, func(t *testing.T, k *poolKit) {
		a, b := k.pool.Client(alf.Target{Tenant: "a"}), k.pool.Client(alf.Target{Tenant: "b"})
		first, err := a.Token(t.Context())
		require.NoError(t, err)
		same, err := b.Token(t.Context())
		require.NoError(t, err)
		require.True(t, first.Same(same))
		ids["a"] = "two"
		_, err = a.Refresh(t.Context())
		require.NoError(t, err)
		_, err = b.Refresh(t.Context())
		require.NoError(t, err)
		own, err := a.Token(t.Context())
		require.NoError(t, err)
		other, err := b.Token(t.Context())
		require.NoError(t, err)
		require.False(t, own.Same(other), "a token never reaches another tenant")
	})
}
