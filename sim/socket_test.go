package sim_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

func TestStart_OnlyOnceAndNotAfterClose(t *testing.T) {
	s := sim.New(sim.Options{})
	require.Equal(t, "https://auth.sim.test"+sim.TokenPath, s.TokenURL())
	require.Equal(t, "https://api.sim.test", s.APIURL())
	require.NoError(t, s.Start())
	require.True(t, strings.HasPrefix(s.APIURL(), "http://127.0.0.1:"), s.APIURL())
	require.Equal(t, s.APIURL()+sim.TokenPath, s.TokenURL())
	require.ErrorContains(t, s.Start(), s.APIURL())
	s.Close()
	require.ErrorContains(t, s.Start(), "make a new one")
}

func TestStart_LeavesTheMemoryOpen(t *testing.T) {
	visit(t, sim.Options{}, clock.New(), onSocket, func(p *place) {
		token := p.fetch().Token
		inMemory := http.Client{Transport: p.RoundTripper()}
		require.Equal(p, http.StatusOK, do(&inMemory, p.getRequest(p.Context(), token)).status)
	})
}

func TestClose_WaitsForItsHandlers(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	var left atomic.Bool
	api := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
		<-leave
		for range 1000 {
			runtime.Gosched() // a Close that does not wait for this is sure to be first
		}
		left.Store(true)
	})
	visit(t, sim.Options{API: api}, clock.New(), onSocket, func(p *place) {
		req := p.getRequest(context.Background(), p.Issue(time.Hour))
		done := make(chan reply)
		go func() { done <- p.do(req) }()
		<-entered
		var closing sync.WaitGroup
		for range 3 {
			closing.Go(p.Close)
		}
		require.Error(p, (<-done).err)
		close(leave)
		closing.Wait()
		require.True(p, left.Load())
	})
}

// A client that has gone is noticed although nothing of its request's body was read yet.
func TestServeHTTP_EndsWhenTheClientHasGone(t *testing.T) {
	s := sim.New(sim.Options{APILatency: time.Hour})
	ended := make(chan any)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { ended <- recover() }()
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	p := &place{T: t, Server: s, http: newHTTPClient(t), api: server.URL}
	ctx, cancel := context.WithCancel(context.Background())
	req := p.post("any", "tea").WithContext(ctx)
	done := make(chan reply)
	go func() { done <- p.do(req) }()
	until(p.apiAsked)
	cancel()
	require.Equal(t, http.ErrAbortHandler, <-ended)
	require.ErrorIs(t, (<-done).err, context.Canceled)
	require.Zero(t, p.lastRequest().Status)
}

func TestServeHTTP_LetsTheAPIStreamAndHijack(t *testing.T) {
	next := make(chan struct{})
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			io.WriteString(w, "one\n")
			w.(http.Flusher).Flush()
			<-next
			io.WriteString(w, "two\n")
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		require.NoError(t, err)
		io.WriteString(conn, "HTTP/1.1 299 Mine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		conn.Close()
	})
	for _, reach := range []func(*place){onSocket, mounted} {
		visit(t, sim.Options{API: api}, clock.New(), reach, func(p *place) {
			resp, err := p.http.Do(p.getRequest(p.Context(), p.Issue(time.Hour)))
			require.NoError(p, err)
			lines := bufio.NewReader(resp.Body)
			first, err := lines.ReadString('\n')
			require.NoError(p, err)
			require.Equal(p, "one\n", first)
			require.Equal(p, http.StatusOK, p.lastRequest().Status, "while it streams")
			next <- struct{}{}
			rest, err := io.ReadAll(lines)
			require.NoError(p, err)
			require.Equal(p, "two\n", string(rest))
			resp.Body.Close()

			got := p.do(p.post(p.Issue(time.Hour), "tea"))
			require.NoError(p, got.err)
			require.Equal(p, 299, got.status)
			require.Equal(p, http.StatusSwitchingProtocols, p.lastRequest().Status)
		})
	}
}

func TestServeHTTP_InMemoryThereIsNoConnectionToHijack(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _, err := w.(http.Hijacker).Hijack()
		require.ErrorIs(t, err, http.ErrNotSupported)
	})
	visit(t, sim.Options{API: api}, nil, inMemory, func(p *place) { p.wantStatus(p.Issue(time.Hour), http.StatusOK) })
}
