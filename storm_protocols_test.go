package alf_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// stormServer is an API that holds its first n requests until all of them are there, with their bodies, and then
// revokes all tokens. It responds with the body.
type stormServer struct {
	auth *authServer
	n    int
	all  chan struct{}
	once sync.Once // for closing all

	mu    sync.Mutex
	sends map[string]int
}

func (s *stormServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id := r.Header.Get("X-Request")
	if id == "" {
		return // the one that opens the connection
	}
	s.mu.Lock()
	s.sends[id]++
	if len(s.sends) == s.n && s.sends[id] == 1 {
		s.auth.revokeAll()
		s.release()
	}
	s.mu.Unlock()
	<-s.all
	if !s.auth.accepts(r.Header.Get("Authorization")) {
		http.Error(w, "revoked", http.StatusUnauthorized)
		return
	}
	_, _ = w.Write(body)
}

// release lets all requests go on.
func (s *stormServer) release() { s.once.Do(func() { close(s.all) }) }

// stormBody makes the body of a request, of 0 to 64 KiB, and says how it can be sent again.
func stormBody(i int) (content string, body io.Reader, length int64) {
	content = filler([]int{0, 1, 1000, 4 << 10, 30 << 10, 64<<10 - 1, 64 << 10}[i%7])
	switch i % 3 {
	case 0:
		return content, strings.NewReader(content), int64(len(content))
	case 1:
		return content, hide(content), -1
	}
	return content, hide(content), int64(len(content))
}

func TestC8_EveryRequestInFlightSucceeds(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		for name, n := range map[string]int{"direct": crowd, "through a ReverseProxy": crowd / 4} {
			t.Run(name, func(t *testing.T) {
				auth := startAuth(t)
				storm := &stormServer{auth: auth, n: n, all: make(chan struct{}), sends: map[string]int{}}
				server := httptest.NewUnstartedServer(storm)
				if http2 {
					server.EnableHTTP2 = true
					server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: n}
					server.StartTLS()
				} else {
					server.Start() // a thousand handshakes would take longer than the transport allows
				}
				t.Cleanup(server.Close)
				cfg := auth.config()
				cfg.HTTPClient = &http.Client{Transport: clientTransport(t, server)}
				cfg.TokenRequest.Transport = cfg.HTTPClient.Transport
				if http2 {
					// A server gives a new connection two seconds, which a crowd at once on a busy machine exceeds.
					resp, err := cfg.HTTPClient.Get(server.URL)
					require.NoError(t, err)
					resp.Body.Close()
				}
				client := newClient(t, cfg)
				do, address := client.Do, server.URL
				if n < crowd {
					target, err := url.Parse(server.URL)
					require.NoError(t, err)
					proxy := httptest.NewServer(&httputil.ReverseProxy{
						Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, Transport: client.Transport(nil),
					})
					t.Cleanup(proxy.Close)
					do, address = (&http.Client{Transport: clientTransport(t, proxy)}).Do, proxy.URL
				}
				var healthy atomic.Int32
				atOnce(n, func(i int) {
					content, body, length := stormBody(i)
					req, err := http.NewRequestWithContext(context.Background(), http.MethodPut, address, body)
					if err != nil {
						t.Error(err)
						return
					}
					req.ContentLength = length
					if length == 0 {
						req.Body = http.NoBody
					}
					req.Header.Set("X-Request", strconv.Itoa(i))
					resp, err := do(req)
					if err != nil {
						t.Error(err)
						storm.release()
						return
					}
					defer resp.Body.Close()
					response, err := io.ReadAll(resp.Body)
					if err == nil && resp.StatusCode == 200 && string(response) == content {
						healthy.Add(1)
					}
				})
				require.EqualValues(t, n, healthy.Load(), "of %d", n)
				require.Equal(t, 2, auth.count(), "the cold start and one for the revocation")
				for id, sends := range storm.sends {
					require.LessOrEqual(t, sends, 2, "request %s", id)
				}
				require.EqualValues(t, n, client.Stats().RetrySucceeded)
				if n < crowd {
					client.CloseIdleConnections()
				}
			})
		}
	})
}
