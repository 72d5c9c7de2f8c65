package alf_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

func TestSeed_StartsWithoutAToken(t *testing.T) {
	auth := startAuth(t)
	client := newClient(t, auth.config())
	stats := client.Stats()
	require.False(t, stats.Ready)
	require.Zero(t, stats.Fetches)
	require.Zero(t, auth.count())
}

func TestSeed_AbsentTokenIsFetchedAndACachedOneReused(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	for range 5 {
		get(t, client, api.URL)
	}
	require.Equal(t, 1, auth.count())
	require.Len(t, api.requests(), 5)
	require.True(t, client.Stats().Ready)
}

func TestSeed_ExpiredAndValidAreDistinguished(t *testing.T) {
	auth := startAuth(t)
	auth.lifetime = 100
	api := startAPI(t, auth, nil)
	mock := clock.NewMock()
	cfg := auth.config()
	cfg.Clock = mock
	client := newClient(t, cfg)
	get(t, client, api.URL)
	mock.Add(50 * time.Second)
	get(t, client, api.URL)
	require.Equal(t, 1, auth.count(), "valid")
	mock.Add(200 * time.Second)
	get(t, client, api.URL)
	last := api.authorizations()[2]
	require.NotEqual(t, "Bearer issued-1", last, "expired")
}

func TestSeed_ExpiresNowIsExpired(t *testing.T) {
	for _, lifetime := range []any{0, -1, "0"} {
		auth := startAuth(t)
		auth.lifetime = lifetime
		api := startAPI(t, auth, nil)
		client := newClient(t, auth.config())
		resp, _ := get(t, client, api.URL)
		require.Equal(t, 200, resp.StatusCode, "it serves the one who waited")
		require.False(t, client.Stats().Ready, "and no caller after")
		require.Equal(t, 1, auth.count())
	}
}

func TestSeed_ZeroLifetimesCauseNoLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fetches atomic.Int32
		client := newClient(t, alf.Config{
			Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
				fetches.Add(1)
				return &oauth2.Token{AccessToken: "dead", Expiry: time.Now()}, nil
			}),
			HTTPClient: &http.Client{Transport: script(200)},
		})
		start := time.Now()
		for range 5 {
			get(t, client, apiURL)
		}
		require.EqualValues(t, 5, fetches.Load())
		require.Equal(t, 4*time.Second, time.Since(start), "one a second")
	})
}

func TestSeed_200CostsOneRequestAndNoReset(t *testing.T) {
	source, base := &fakeSource{}, script(200)
	get(t, over(t, source, base), apiURL)
	require.Len(t, base.seen, 1)
	require.Empty(t, source.replaced)
	require.Empty(t, source.invalidated)
}

func TestSeed_400IsReturnedWithoutARetry(t *testing.T) {
	source, base := &fakeSource{}, script(400)
	resp, body := get(t, over(t, source, base), apiURL)
	require.Equal(t, 400, resp.StatusCode)
	require.Equal(t, "response 1", body)
	require.Len(t, base.seen, 1)
	require.Empty(t, source.replaced)
}

func TestSeed_401MakesTwoRequestsAndOneReset(t *testing.T) {
	source, base := &fakeSource{}, script(401, 200)
	get(t, over(t, source, base), apiURL)
	require.Len(t, base.seen, 2)
	require.Len(t, source.replaced, 1)
}

func TestSeed_TokenFailureAfterA401SurfacesAndLeavesNothingStale(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	get(t, client, api.URL)
	auth.revokeAll()
	auth.setResponse(denial)
	_, err := client.Get(api.URL)
	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, err, &retrieve)
	require.False(t, client.Stats().Ready)
	require.Len(t, api.requests(), 2)

	_, err = client.Get(api.URL)
	require.ErrorAs(t, err, &retrieve, "the old token is gone")
	require.Len(t, api.requests(), 2)

	auth.setResponse(nil)
	_, err = client.Refresh(context.Background())
	require.NoError(t, err)
	resp, _ := get(t, client, api.URL)
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "Bearer issued-2", api.authorizations()[2])
}

func TestSeed_RetriesAreForTheTokenRequestOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tokens, api := 0, script(503)
		client := newClient(t, alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret),
			TokenRequest: alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				if tokens++; tokens < 3 {
					return respond(req, 500, ""), nil
				}
				return tokenResponse(req), nil
			})},
			HTTPClient: &http.Client{Transport: api},
		})
		resp, _ := get(t, client, apiURL)
		require.Equal(t, 503, resp.StatusCode)
		require.Equal(t, 3, tokens)
		require.Len(t, api.seen, 1)
	})
}

func TestSeed_ConcurrentUse(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	atOnce(20, func(int) {
		resp, err := client.Get(api.URL)
		if err != nil {
			t.Error(err)
			return
		}
		resp.Body.Close()
	})
	require.Equal(t, 1, auth.count(), "20 cold requests make one token request")
}

func TestSeed_VerbsAndBodies(t *testing.T) {
	type greeting struct {
		Hello string `json:"hello"`
	}
	var method, contentType, body string
	var length int64
	auth := startAuth(t)
	api := startAPI(t, auth, func(w http.ResponseWriter, r *http.Request) {
		read, _ := io.ReadAll(r.Body)
		method, contentType, body, length = r.Method, r.Header.Get("Content-Type"), string(read), r.ContentLength
	})
	client := newClient(t, auth.config())
	ctx := context.Background()

	for _, b := range []struct {
		name        string
		body        any
		contentType string
		want        string
		length      int64
	}{
		{"nil", nil, "", "", 0},
		{"reader", strings.NewReader("read"), "application/octet-stream", "read", 4},
		{"reader of unknown type", hide("read"), "application/octet-stream", "read", -1},
		{"string", "text", "text/plain; charset=utf-8", "text", 4},
		{"bytes", []byte("bytes"), "application/octet-stream", "bytes", 5},
		{"form", url.Values{"a": {"1 2"}, "b": {"3"}}, "application/x-www-form-urlencoded", "a=1+2&b=3", 9},
		{"struct", greeting{"world"}, "application/json", `{"hello":"world"}`, 17},
		{"pointer", &greeting{"world"}, "application/json", `{"hello":"world"}`, 17},
		{"map", map[string]int{"n": 1}, "application/json", `{"n":1}`, 7},
		{"raw JSON", json.RawMessage(`[1]`), "application/json", `[1]`, 3},
		{"number", 42, "application/json", "42", 2},
	} {
		for verb, send := range map[string]func(contentType string) (*http.Response, error){
			"POST": func(ct string) (*http.Response, error) { return client.Post(api.URL, ct, b.body) },
			"PUT":  func(ct string) (*http.Response, error) { return client.Put(api.URL, ct, b.body) },
			"PATCH": func(ct string) (*http.Response, error) {
				req, err := alf.NewRequest(ctx, "PATCH", api.URL, b.body)
				if err != nil {
					return nil, err
				}
				if ct != "" {
					req.Header.Set("Content-Type", ct)
				}
				return client.Do(req)
			},
		} {
			for _, ct := range []string{"", "application/vnd.example"} {
				if reader, ok := b.body.(io.Reader); ok {
					b.body = rewound(reader, b.want)
				}
				resp, err := send(ct)
				require.NoError(t, err, b.name)
				readAll(t, resp)
				require.Equal(t, verb, method)
				require.Equal(t, b.want, body, b.name)
				require.Equal(t, b.length, length, b.name)
				if ct == "" {
					ct = b.contentType
				}
				require.Equal(t, ct, contentType, b.name)
			}
		}
	}

	for verb, send := range map[string]func() (*http.Response, error){
		"GET":    func() (*http.Response, error) { return client.Get(api.URL) },
		"HEAD":   func() (*http.Response, error) { return client.Head(api.URL) },
		"DELETE": func() (*http.Response, error) { return client.Delete(api.URL) },
	} {
		resp, err := send()
		require.NoError(t, err)
		readAll(t, resp)
		require.Equal(t, []string{verb, "", ""}, []string{method, contentType, body})
	}
	resp, err := client.PostForm(api.URL, url.Values{"k": {"v"}})
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, []string{"POST", "application/x-www-form-urlencoded", "k=v"}, []string{method, contentType, body})
	resp, err = client.PostForm(api.URL, nil)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, []string{"POST", "application/x-www-form-urlencoded", ""}, []string{method, contentType, body})
}

// rewound makes a new reader of the same kind.
func rewound(r io.Reader, content string) io.Reader {
	if _, ok := r.(*hidden); ok {
		return hide(content)
	}
	return strings.NewReader(content)
}

func TestSeed_VerbsTakeAContext(t *testing.T) {
	client := over(t, &fakeSource{}, hangingBase{})
	cause := errors.New("over")
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(cause)
	for name, send := range map[string]func() (*http.Response, error){
		"Get":      func() (*http.Response, error) { return client.GetContext(ctx, apiURL) },
		"Head":     func() (*http.Response, error) { return client.HeadContext(ctx, apiURL) },
		"Post":     func() (*http.Response, error) { return client.PostContext(ctx, apiURL, "", "x") },
		"PostForm": func() (*http.Response, error) { return client.PostFormContext(ctx, apiURL, nil) },
		"Put":      func() (*http.Response, error) { return client.PutContext(ctx, apiURL, "", "x") },
		"Delete":   func() (*http.Response, error) { return client.DeleteContext(ctx, apiURL) },
	} {
		_, err := send()
		require.ErrorIs(t, err, cause, name)
	}
}

type hangingBase struct{}

func (hangingBase) RoundTrip(req *http.Request) (*http.Response, error) { return hanging(req) }

func TestSeed_BodyThatCannotBeEncodedIsAnErrorAndNothingIsSent(t *testing.T) {
	base := script(200)
	client := over(t, &fakeSource{}, base)
	_, err := client.Post(apiURL, "", make(chan int))
	require.ErrorContains(t, err, "encoding the body as JSON")
	_, err = client.Get("://")
	require.Error(t, err)
	require.Empty(t, base.seen)
}

func TestSeed_S5_SecondOf401sIsReturnedAsAResponse(t *testing.T) {
	auth := startAuth(t)
	calls := 0
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "never satisfied")
	}))
	t.Cleanup(api.Close)
	cfg := auth.config()
	mock := clock.NewMock() // it stands still
	cfg.Clock = mock
	client := newClient(t, cfg)
	resp, body := get(t, client, api.URL)
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "never satisfied", body)
	require.Equal(t, 2, calls)
	require.Equal(t, 2, auth.count())

	// The token may have been revoked after it was fetched, so the next request gets one more, a second later (M13).
	go func() {
		for client.Stats().Waiting == 0 {
			runtime.Gosched()
		}
		mock.Add(time.Second)
	}()
	resp, _ = get(t, client, api.URL)
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, 3, auth.count())

	// From here on it is guarded, and neither drains the token endpoint nor waits for it.
	for range 20 {
		resp, body = get(t, client, api.URL)
		require.Equal(t, 401, resp.StatusCode)
		require.Equal(t, "never satisfied", body)
	}
	require.Equal(t, 3, auth.count())
}

func TestSeed_S6_TokenEndpointsErrorIsNotTheResourcesResponse(t *testing.T) {
	auth := startAuth(t)
	auth.response = func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, "token database is down", http.StatusBadRequest)
		return true
	}
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	resp, err := client.Get(api.URL)
	require.Nil(t, resp)
	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, err, &retrieve)
	require.Equal(t, 400, retrieve.Response.StatusCode)
	require.Contains(t, string(retrieve.Body), "token database is down")
	require.Empty(t, api.requests())
}

func TestSeed_S12_UsableFromManyGoroutinesInEveryWay(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	ways := []func() error{
		func() error { return client.JSON(context.Background(), "GET", api.URL, nil, nil) },
		func() error { _, err := client.Token(context.Background()); return err },
		func() error { _, err := client.TokenSource().Token(); return err },
		func() error { _, err := client.GetRequestMetadata(context.Background(), api.URL); return err },
		func() error { client.Stats(); return nil },
		func() error { client.CloseIdleConnections(); return nil },
		func() error { return client.InvalidateValue("another", "someone") },
		func() error {
			resp, err := client.HTTPClient().Get(api.URL)
			if err == nil {
				resp.Body.Close()
			}
			return err
		},
	}
	atOnce(20*len(ways), func(i int) {
		if err := ways[i%len(ways)](); err != nil {
			t.Error(err)
		}
	})
	require.Equal(t, 1, auth.count())
}
