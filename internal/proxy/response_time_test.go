package proxy_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// respondIn serves one request in a bubble, by an upstream in memory whose route has a limit of a second.
func respondIn(t *testing.T, upstream roundTripper) *httptest.ResponseRecorder {
	return respondWith(t, sim.New(sim.Options{}), upstream)
}

func respondWith(t *testing.T, server *sim.Server, upstream roundTripper) *httptest.ResponseRecorder {
	client := server.Config()
	client.HTTPClient = &http.Client{Transport: upstream}
	p, err := proxy.New(proxy.Config{
		Clients: []proxy.Client{{Key: "one", Config: client}},
		Routes: []proxy.Route{{
			Route: routing.Route{Name: "api", Headers: usual}, ResponseTime: time.Second,
			Upstream: &url.URL{Scheme: "https", Host: "api.example.com"},
		}},
		Listeners: []proxy.Listener{{Address: "unix:" + t.TempDir() + "/s"}},
		Log:       slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	defer p.Close()
	w := httptest.NewRecorder()
	p.Handler(0).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "http://localhost/", nil))
	return w
}

func TestX1_AnUpstreamThatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := respondIn(t, func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		require.Equal(t, 504, w.Code)
		require.Equal(t, "upstream", w.Header().Get("Alf-Error"))
		require.Equal(t, time.Second, time.Since(start))
	})
}

// The limit is about the beginning of a response.
func TestX1_ALongResponseIsNotCutByItsRoutesLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := respondIn(t, func(req *http.Request) (*http.Response, error) {
			body := io.MultiReader(&slowly{req: req}, strings.NewReader("tea"))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: req, ContentLength: -1}, nil
		})
		require.Equal(t, 200, w.Code)
		require.Equal(t, "tea", w.Body.String())
	})
}

// The limit is the upstream's: a wait for the token is not its fault.
func TestX1_TheWaitForATokenIsNotTheUpstreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{Latency: 3 * time.Second})
		w := respondWith(t, server, func(req *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
		})
		require.Equal(t, 200, w.Code, w.Body)

		server.GoDown(0)
		start := time.Now()
		w = respondWith(t, server, func(*http.Request) (*http.Response, error) { panic("there is no token") })
		require.Equal(t, 503, w.Code, w.Body)
		require.Equal(t, "no-token", w.Header().Get("Alf-Error"))
		require.Less(t, time.Since(start), time.Second)

		server.Hang(0)
		w = respondWith(t, server, func(*http.Request) (*http.Response, error) { panic("there is no token") })
		require.Equal(t, 503, w.Code, w.Body)
		require.Equal(t, "no-token", w.Header().Get("Alf-Error"))
	})
}

// slowly ends after an hour, or with its request.
type slowly struct{ req *http.Request }

func (s *slowly) Read([]byte) (int, error) {
	select {
	case <-time.After(time.Hour):
		return 0, io.EOF
	case <-s.req.Context().Done():
		return 0, s.req.Context().Err()
	}
}
