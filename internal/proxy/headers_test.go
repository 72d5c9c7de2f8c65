package proxy_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

// mirror responds with the head of the request.
func mirror(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Set-Cookie", "a=b")
	w.Header().Set("Alf-Error", "forged")
	_ = json.NewEncoder(w).Encode(seen{r.Host, r.URL.EscapedPath(), r.URL.RawQuery, r.Header})
}

type seen struct {
	Host, Path, Query string
	Header            http.Header
}

// mirrored sends a request and returns what the upstream saw of it.
func (l *lab) mirrored(t *testing.T, path string, header http.Header) (seen, http.Header) {
	t.Helper()
	req := request(t, "GET", path, nil)
	req.Header = header.Clone()
	resp := do(t, l.http, req)
	require.Equal(t, 200, resp.StatusCode, resp.body)
	var s seen
	require.NoError(t, json.Unmarshal([]byte(resp.body), &s))
	return s, resp.Header
}

func policies(h routing.Headers) func(*proxy.Config) {
	return func(cfg *proxy.Config) { cfg.Routes[0].Headers = h }
}

func TestX2_Authorization(t *testing.T) {
	own := http.Header{"Authorization": {"Bearer own"}}
	t.Run("refuse", func(t *testing.T) {
		l := newLab(t, http1, mirror, nil)
		req := request(t, "GET", "/", nil)
		req.Header = own
		resp := do(t, l.http, req)
		require.Equal(t, 400, resp.StatusCode)
		require.Equal(t, "authorization", resp.Header.Get("Alf-Error"))
		require.NotContains(t, resp.body, "own")
		require.Zero(t, l.server.Stats().Requests)
	})
	t.Run("replace", func(t *testing.T) {
		l := newLab(t, http1, mirror, policies(routing.Headers{Authorization: routing.Replace}))
		s, _ := l.mirrored(t, "/", own)
		require.Len(t, s.Header["Authorization"], 1)
		require.NotContains(t, s.Header.Get("Authorization"), "own")
	})
	t.Run("pass", func(t *testing.T) {
		l := newLab(t, http1, mirror, policies(routing.Headers{Authorization: routing.Pass}))
		req := request(t, "GET", "/", nil)
		req.Header = own
		require.Equal(t, 401, do(t, l.http, req).StatusCode) // which the caller has to know what to do about
		require.Zero(t, l.server.Stats().TokenRequests)
		s, _ := l.mirrored(t, "/", nil)
		require.True(t, strings.HasPrefix(s.Header.Get("Authorization"), "Bearer "))
		require.Equal(t, 1, l.server.Stats().TokenRequests)
	})
}

func TestX2_HeadersThatEndAtTheProxy(t *testing.T) {
	l := newLab(t, http1, mirror, nil)
	s, header := l.mirrored(t, "/items", http.Header{
		"Proxy-Authorization": {"Basic x"}, "Proxy-Connection": {"keep-alive"}, "Keep-Alive": {"timeout=5"}, "Te": {"trailers, gzip"},
		"Cookie": {"c=d"}, "Forwarded": {"for=10.0.0.1"}, "X-Forwarded-For": {"10.0.0.1"}, "X-Forwarded-Host": {"evil.example"},
		"X-Forwarded-Proto": {"https"}, "X-Real-Ip": {"10.0.0.1"}, "X_forwarded_for": {"10.0.0.1"}, "Alf-Caller-Secret": {"x"},
		"Connection": {"X-Hop"}, "X-Hop": {"1"}, "X-Kept": {"1", "2"}, "Accept-Encoding": {"gzip"},
	})
	require.Equal(t, []string{"1", "2"}, s.Header["X-Kept"])
	require.Equal(t, "gzip", s.Header.Get("Accept-Encoding"))
	require.Equal(t, "trailers", s.Header.Get("Te"))
	for name := range s.Header {
		require.Contains(t, []string{"Authorization", "X-Kept", "Accept-Encoding", "Te", "User-Agent"}, name)
	}
	require.NotContains(t, header, "Set-Cookie")
	require.NotContains(t, header, "Alf-Error")
}

func TestX2_PoliciesOfCookiesHostAndForwarded(t *testing.T) {
	change := policies(routing.Headers{Cookies: routing.Pass, Host: routing.Pass, Forwarded: routing.Pass})
	l := newLab(t, http1, mirror, change)
	s, header := l.mirrored(t, "/", http.Header{"Cookie": {"c=d"}, "X-Forwarded-For": {"10.0.0.1"}, "Forwarded": {"for=10.0.0.1"}, "X-Real-Ip": {"10.0.0.2"}})
	require.Equal(t, "localhost", s.Host)
	require.Equal(t, "c=d", s.Header.Get("Cookie"))
	require.Equal(t, "10.0.0.1", s.Header.Get("X-Forwarded-For"))
	require.Equal(t, "for=10.0.0.1", s.Header.Get("Forwarded"))
	require.Equal(t, "10.0.0.2", s.Header.Get("X-Real-Ip"))
	require.Equal(t, "a=b", header.Get("Set-Cookie"))

	l = newLab(t, http1, mirror, policies(routing.Headers{Host: routing.Replace, Forwarded: routing.Append}))
	s, _ = l.mirrored(t, "/", http.Header{"X-Forwarded-For": {"10.0.0.1"}, "X-Forwarded-Host": {"first.example"}})
	require.NotEqual(t, "localhost", s.Host)
	require.Equal(t, "localhost", s.Header.Get("X-Forwarded-Host"))
	require.Equal(t, "http", s.Header.Get("X-Forwarded-Proto"))
}

func TestX2_PathsAndQueriesAreSentAsTheyCame(t *testing.T) {
	l := newLab(t, http1, mirror, func(cfg *proxy.Config) {
		first := cfg.Routes[0]
		first.Path, first.UpstreamPath, first.Name = "/orders/", "/v2/", "orders"
		second := cfg.Routes[0]
		second.Path, second.EncodedSlashes, second.Name = "/raw", true, "raw"
		cfg.Routes = append(cfg.Routes, first, second)
	})
	for sent, want := range map[string]seen{
		"/a%20b?x=1;y=%zz&&":       {Path: "/a%20b", Query: "x=1;y=%zz&&"},
		"/orders/17?q":             {Path: "/v2/17", Query: "q"},
		"/orders":                  {Path: "/v2/"},
		"/ordersheets":             {Path: "/ordersheets"},
		"/raw/group%2Fproject":     {Path: "/raw/group%2Fproject"},
		"/a!$&'()*+,;=:@b":         {Path: "/a!$&'()*+,;=:@b"},
		"/%E2%82%AC":               {Path: "/%E2%82%AC"},
		"/fetch/https://other.com": {Path: "/fetch/https://other.com"},
	} {
		s, _ := l.mirrored(t, sent, nil)
		require.Equal(t, want.Path, s.Path, sent)
		require.Equal(t, want.Query, s.Query, sent)
	}
}

// Whatever a caller is told, it is not the token.
func TestX2_TheTokenIsNowhereInAResponseOfTheProxy(t *testing.T) {
	var seen atomic.Pointer[string]
	l := newLab(t, http1, func(_ http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		seen.Store(&token)
		panic(http.ErrAbortHandler)
	}, nil)
	resp := l.get(t, "/")
	require.Equal(t, 502, resp.StatusCode)
	var all bytes.Buffer
	require.NoError(t, resp.Header.Write(&all))
	require.NotEmpty(t, *seen.Load())
	require.NotContains(t, all.String()+resp.body, *seen.Load())
}
