package alf_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// earlyServer is an API that responds 401 to token-1 after it has read some of the body, and to other tokens with a
// hash of the whole body.
func earlyServer(t *testing.T, http2 bool, read int64) *httptest.Server {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			_, _ = io.CopyN(io.Discard, r.Body, read)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		hash := sha256.New()
		n, err := io.Copy(hash, r.Body)
		fmt.Fprintf(w, "%d %x %v", n, hash.Sum(nil), err)
	}))
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server
}

// stale is a source whose first token every request gets first, so that each of them gets a 401.
func stale() *fakeSource {
	return &fakeSource{token: sameToken(namedToken("token-1")), replace: nil}
}

// protocols runs a test over both.
func protocols(t *testing.T, test func(t *testing.T, http2 bool)) {
	for name, http2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) { test(t, http2) })
	}
}

// clientTransport is the transport of a client for a test server, closed when the test ends.
func clientTransport(t *testing.T, server *httptest.Server) *http.Transport {
	transport, ok := server.Client().Transport.(*http.Transport)
	require.True(t, ok)
	transport = transport.Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func TestC4_ShortBodyOfKnownLengthWhose401CameEarlyIsSentAgain(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		server := earlyServer(t, http2, 0)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		lost := 0
		for i := range 60 {
			size := []int{100, 4 << 10, 30 << 10, 60 << 10}[i%4]
			req, err := http.NewRequest(http.MethodPost, server.URL, hide(filler(size)))
			require.NoError(t, err)
			req.ContentLength = int64(size)
			resp, err := client.Do(req)
			require.NoError(t, err)
			response := readAll(t, resp)
			if resp.StatusCode == 401 {
				lost++
				continue
			}
			require.Equal(t, fmt.Sprintf("%d %x <nil>", size, sha256.Sum256([]byte(filler(size)))), response)
		}
		require.Zero(t, lost, "of 60 requests")
	})
}

func TestC4_ReverseProxyLosesNoBody(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		upstream := earlyServer(t, http2, 0)
		target, err := url.Parse(upstream.URL)
		require.NoError(t, err)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, upstream)}})
		proxy := httptest.NewServer(&httputil.ReverseProxy{
			Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
			Transport: client.Transport(nil),
		})
		t.Cleanup(proxy.Close)
		content := filler(4 << 10)
		want := fmt.Sprintf("%d %x <nil>", len(content), sha256.Sum256([]byte(content)))
		var lost atomic.Int32
		atOnce(8, func(int) {
			for range 50 {
				resp, err := proxy.Client().Post(proxy.URL, "text/plain", strings.NewReader(content))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != 200 || string(body) != want {
					lost.Add(1)
				}
			}
		})
		require.Zero(t, lost.Load(), "of 400 requests")
	})
}

func TestC4_TrailersAndLengthAreRightOverBothProtocols(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		var mu sync.Mutex
		var got []string
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			got = append(got, fmt.Sprint(r.Header.Get("Authorization"), " ", r.ContentLength, " ", string(body), " ", err, " ", r.Trailer.Get("X-Checksum")))
			if r.Header.Get("Authorization") == "Bearer token-1" {
				w.WriteHeader(http.StatusUnauthorized)
			}
		}))
		server.EnableHTTP2 = http2
		server.StartTLS()
		t.Cleanup(server.Close)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		for _, again := range []bool{false, true} {
			got = nil
			req, err := http.NewRequest(http.MethodPost, server.URL, nil)
			require.NoError(t, err)
			req.Trailer = http.Header{"X-Checksum": nil}
			open := func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(strings.NewReader("content"), atEnd(func() { req.Trailer.Set("X-Checksum", "c0ffee") }))), nil
			}
			req.Body, _ = open()
			req.ContentLength = -1
			if again {
				req.GetBody = open
			}
			resp, err := client.Do(req)
			require.NoError(t, err)
			readAll(t, resp)
			require.Equal(t, []string{"Bearer token-1 -1 content <nil> c0ffee", "Bearer token-2 -1 content <nil> c0ffee"}, got)
		}
	})
}
