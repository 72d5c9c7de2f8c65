package proxy_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// fieldTry is a proxy in a bubble whose client has one more field set.
type fieldTry struct {
	t        *testing.T
	server   *sim.Server
	client   alf.Config
	upstream string
	log      bytes.Buffer
	sent     []*http.Request
	api      func(n int) *http.Response // of the nth request; nil: a good one
}

// get sends a request, and returns what the caller gets.
func (f *fieldTry) get() *httptest.ResponseRecorder {
	p, err := f.proxy()
	require.NoError(f.t, err)
	defer p.Close()
	w := httptest.NewRecorder()
	p.Handler(0).ServeHTTP(w, httptest.NewRequestWithContext(f.t.Context(), "GET", "http://localhost/", nil))
	return w
}

func (f *fieldTry) proxy() (*proxy.Proxy, error) {
	upstream, err := url.Parse(f.upstream)
	require.NoError(f.t, err)
	return proxy.New(proxy.Config{
		Clients:   []proxy.Client{{Key: "one", Config: f.client}},
		Routes:    []proxy.Route{{Route: routing.Route{Name: "api", Headers: usual}, Upstream: upstream}},
		Listeners: []proxy.Listener{{Address: "unix:" + f.t.TempDir() + "/s"}},
		Log:       slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
}

// refused is the error of a configuration.
func (f *fieldTry) refused(says string) {
	_, err := f.proxy()
	require.ErrorContains(f.t, err, says)
}

func respond(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
}

// ticking counts how often it is looked at.
type ticking struct {
	clock.Clock
	looks atomic.Int64
}

func (c *ticking) Now() time.Time { c.looks.Add(1); return c.Clock.Now() }

// triedBySettings are fields that a setting of the program sets: TestX1_EverySettingHasItsEffectBehindTheProxy.
var triedBySettings = []string{
	"TokenURL", "Issuer", "ClientID", "ClientSecret", "Scopes", "Audience", "Resource", "Params", "AuthStyle", "Assertion", "Certificate",
	"DPoP", "TokenType", "AuthScheme", "StrictTokenType", "StrictScope", "TokenRequest", "Store", "StoreKey",
}

// Every field of a client's configuration has its effect behind the proxy, or is refused.
func TestX1_EveryFieldOfAConfigurationHasItsEffectBehindTheProxy(t *testing.T) {
	fields := map[string]func(*fieldTry){
		"HTTPClient": func(f *fieldTry) {
			require.Equal(f.t, 200, f.get().Code)
			require.Len(f.t, f.sent, 1, "its Transport")
			for name, set := range map[string]func(*http.Client){
				"Timeout":       func(c *http.Client) { c.Timeout = time.Second },
				"Jar":           func(c *http.Client) { c.Jar, _ = cookiejar.New(nil) },
				"CheckRedirect": func(c *http.Client) { c.CheckRedirect = func(*http.Request, []*http.Request) error { return nil } },
			} {
				own := *f.client.HTTPClient
				set(&own)
				f.client.HTTPClient = &own
				f.refused("HTTPClient." + name + ": has no effect behind the proxy: ")
				f.client.HTTPClient = &http.Client{Transport: own.Transport}
			}
		},
		"Origins": func(f *fieldTry) {
			f.client.Origins = []string{"https://api.example.com"}
			require.Equal(f.t, 200, f.get().Code)
			f.client.Origins = []string{"https://other.example.com"}
			w := f.get()
			require.Equal(f.t, []string{"502", "refused"}, []string{w.Result().Status[:3], w.Header().Get("Alf-Error")})
			require.Contains(f.t, w.Body.String(), "Origins")
		},
		"AllowHTTP": func(f *fieldTry) {
			f.upstream = "http://api.example.com"
			w := f.get()
			require.Equal(f.t, []string{"502", "refused"}, []string{w.Result().Status[:3], w.Header().Get("Alf-Error")})
			require.Empty(f.t, f.sent)
			f.client.AllowHTTP = []string{"api.example.com"}
			require.Equal(f.t, 200, f.get().Code)
		},
		"Rejected": func(f *fieldTry) {
			f.client.Rejected = func(r *http.Response) bool { return r.StatusCode == http.StatusForbidden }
			f.api = func(n int) *http.Response { return respond([]int{403, 200}[n], "") }
			require.Equal(f.t, 200, f.get().Code)
			require.Equal(f.t, 2, f.server.Stats().TokenRequests)
			f.api = func(int) *http.Response { return respond(401, "") }
			require.Equal(f.t, 401, f.get().Code)
			require.Equal(f.t, 3, f.server.Stats().TokenRequests, "its rule takes the place of the usual one")
			f.api = func(n int) *http.Response {
				r := respond(200, "")
				r.Header = http.Header{"Content-Type": {"application/grpc"}, "Grpc-Status": {"16"}}
				if n%2 == 1 {
					r.Header.Set("Grpc-Status", "0")
				}
				return r
			}
			f.sent = nil
			require.Equal(f.t, "0", f.get().Header().Get("Grpc-Status"), "gRPC has a rule of its own beside it")
		},
		"RejectedBody": func(f *fieldTry) {
			f.client.RejectedBody = true
			f.client.Rejected = func(r *http.Response) bool {
				body, _ := io.ReadAll(r.Body)
				return string(body) == "token expired"
			}
			f.api = func(n int) *http.Response { return respond(200, []string{"token expired", "tea"}[n]) }
			require.Equal(f.t, "tea", f.get().Body.String())
			require.Equal(f.t, 2, f.server.Stats().TokenRequests)
		},
		"Policy": func(f *fieldTry) {
			f.client.Policy.Attempts = 1
			f.server.GoDown(0)
			require.Equal(f.t, 503, f.get().Code)
			require.Equal(f.t, 1, f.server.Stats().TokenRequests)
		},
		"Clock": func(f *fieldTry) {
			c := &ticking{Clock: f.client.Clock}
			f.client.Clock = c
			require.Equal(f.t, 200, f.get().Code)
			require.NotZero(f.t, c.looks.Load())
		},
		"Rand": func(f *fieldTry) {
			var drawn atomic.Int64
			f.client.Rand = func() float64 { drawn.Add(1); return 0.5 }
			require.Equal(f.t, 200, f.get().Code)
			require.NotZero(f.t, drawn.Load())
		},
		"Hook": func(f *fieldTry) {
			var events atomic.Int64
			f.client.Hook = func(alf.Event) { events.Add(1) }
			require.Equal(f.t, 200, f.get().Code)
			synctest.Wait()
			require.NotZero(f.t, events.Load())
		},
		"Logger": func(f *fieldTry) {
			require.Equal(f.t, 200, f.get().Code)
			synctest.Wait()
			require.NotZero(f.t, f.log.Len(), "without one, the proxy's")
			f.log.Reset()
			var own bytes.Buffer
			f.client.Logger = slog.New(slog.NewTextHandler(&own, &slog.HandlerOptions{Level: slog.LevelDebug}))
			require.Equal(f.t, 200, f.get().Code)
			synctest.Wait()
			require.NotZero(f.t, own.Len())
			require.Zero(f.t, f.log.Len())
		},
		"WrapFetcher": func(f *fieldTry) {
			wrapped := 0
			f.client.WrapFetcher = func(inner alf.Fetcher) alf.Fetcher { wrapped++; return inner }
			require.Equal(f.t, 200, f.get().Code)
			require.NotZero(f.t, wrapped)
		},
		"Endpoint": func(f *fieldTry) {
			endpoint, err := f.server.NewTokenEndpoint(alf.TokenEndpointConfig{TokenURL: f.client.TokenURL})
			require.NoError(f.t, err)
			f.client.TokenURL, f.client.TokenRequest, f.client.Endpoint = "", alf.TokenRequest{}, endpoint
			require.Equal(f.t, 200, f.get().Code)
			require.Equal(f.t, 1, f.server.Stats().TokenRequests)
		},
		"Fetcher": func(f *fieldTry) {
			f.client = alf.Config{Fetcher: alf.FetcherFunc(nil)}
			f.refused("Config.Fetcher: it could not distinguish targets: remove it")
		},
		"Manager": func(f *fieldTry) {
			f.client = alf.Config{Manager: new(struct{ alf.Source })}
			f.refused("Config.Manager: it could not distinguish targets: remove it")
		},
	}
	var tried []string
	for name, try := range fields {
		tried = append(tried, name)
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fieldTry{t: t, server: sim.New(sim.Options{}), upstream: "https://api.example.com"}
				defer f.server.Close()
				f.client = f.server.Config()
				var mu sync.Mutex
				f.client.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
					mu.Lock()
					defer mu.Unlock()
					resp := respond(200, "")
					if f.api != nil {
						resp = f.api(len(f.sent))
					}
					f.sent = append(f.sent, req)
					return resp, nil
				})}
				try(f)
			})
		})
	}
	var all []string
	for i := range reflect.TypeFor[alf.Config]().NumField() {
		all = append(all, reflect.TypeFor[alf.Config]().Field(i).Name)
	}
	require.ElementsMatch(t, all, slices.Concat(tried, triedBySettings))
}
