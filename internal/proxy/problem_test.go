package proxy_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
)

func TestX1_C2_WithoutATokenNothingIsSent(t *testing.T) {
	for _, tc := range []struct {
		name, body, reason string
		refusal, status    int
		header             http.Header
		retryAfter         bool
		grpc               string
	}{
		{name: "down", refusal: 503, status: 503, retryAfter: true, grpc: "14"},
		{name: "asked to wait", refusal: 429, header: http.Header{"Retry-After": {"30"}}, status: 503, retryAfter: true, grpc: "14"},
		{name: "refused", refusal: 401, body: `{"error":"invalid_client","error_description":"who are you"}`, status: 502, grpc: "16"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := newLab(t, http1, nil, func(cfg *proxy.Config) {
				cfg.Clients[0].Config.Policy = alf.Policy{Attempts: 1}
				cfg.Routes[0].Headers.Authorization = routing.Pass // so that no token is obtained at the start
			})
			for range 4 {
				l.server.RespondOnce(tc.refusal, tc.header, tc.body)
			}
			resp := do(t, l.http, request(t, "POST", "/", strings.NewReader("tea")))
			require.Equal(t, tc.status, resp.StatusCode)
			require.Equal(t, "no-token", resp.Header.Get("Alf-Error"))
			require.Equal(t, "application/problem+json", resp.Header.Get("Content-Type"))
			require.Equal(t, tc.retryAfter, resp.Header.Get("Retry-After") != "")
			var problem struct {
				Title, Detail string
				Status        int
			}
			require.NoError(t, json.Unmarshal([]byte(resp.body), &problem))
			require.Equal(t, tc.status, problem.Status)
			if tc.body != "" {
				require.Contains(t, problem.Detail, "who are you")
			}
			require.Zero(t, l.server.Stats().Requests)

			call := request(t, "POST", "/pkg.Service/Method", strings.NewReader("tea"))
			call.Header.Set("Content-Type", "application/grpc+proto")
			resp = do(t, l.caller(t, h2c), call)
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, tc.grpc, resp.Header.Get("Grpc-Status"))
			require.NotEmpty(t, resp.Header.Get("Grpc-Message"))
			require.Empty(t, resp.body)
		})
	}
}

func TestX1_AnUpstreamThatCannotBeReached(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	closed.Close()
	l := newLab(t, http1, nil, func(cfg *proxy.Config) {
		cfg.Routes[0].Upstream = &url.URL{Scheme: "http", Host: closed.Addr().String()}
	})
	resp := l.get(t, "/")
	require.Equal(t, 502, resp.StatusCode)
	require.Equal(t, "upstream", resp.Header.Get("Alf-Error"))
	require.NotContains(t, resp.body, closed.Addr().String())
}

func TestX2_CallersWithoutTheSecret(t *testing.T) {
	secret := []byte("a secret of the callers")
	l := newLab(t, http1, mirror, func(cfg *proxy.Config) {
		cfg.Listeners[0].CallerSecret = func() ([]byte, error) { return secret, nil }
	})
	for _, header := range []http.Header{nil, {"Alf-Caller-Secret": {"another"}}, {"Alf-Caller-Secret": {""}}, {"Proxy-Authorization": {"Basic " + string(secret)}}} {
		req := request(t, "GET", "/", nil)
		req.Header = header
		resp := do(t, l.http, req)
		require.Equal(t, 403, resp.StatusCode)
		require.Equal(t, "caller", resp.Header.Get("Alf-Error"))
		require.NotContains(t, resp.body, string(secret))
	}
	require.Zero(t, l.server.Stats().Requests)
	for _, header := range []http.Header{{"Alf-Caller-Secret": {string(secret)}}, {"Proxy-Authorization": {"Bearer " + string(secret)}}} {
		s, _ := l.mirrored(t, "/", header)
		for _, values := range s.Header {
			require.NotContains(t, values[0], string(secret))
		}
	}
	secret = nil // a file that is empty for a moment admits no caller
	resp := do(t, l.http, request(t, "GET", "/", nil))
	require.Equal(t, 403, resp.StatusCode)
}

func TestX2_RequestsOfWebPagesAndForOtherHosts(t *testing.T) {
	l := newLab(t, http1, mirror, func(cfg *proxy.Config) { cfg.Listeners[0].Hosts = []string{"orders.local"} })
	req := request(t, "GET", "/", nil)
	req.Header.Set("Sec-Fetch-Mode", "no-cors") // alone, as Node's fetch sends it
	require.Equal(t, 200, do(t, l.http, req).StatusCode)
	req = request(t, "GET", "/", nil)
	req.Header.Set("Sec-Fetch-Mode", "no-cors")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	require.Equal(t, 403, do(t, l.http, req).StatusCode)
	for host, status := range map[string]int{"evil.example": 421, "orders.local:8480": 200, "LOCALHOST": 200, "127.0.0.1:1": 200, "[::1]": 200, "": 421, "a@localhost": 400} {
		req = request(t, "GET", "/", nil)
		req.Host = host
		if host == "" {
			req.Host = "."
		}
		require.Equal(t, status, do(t, l.http, req).StatusCode, host)
	}
}
