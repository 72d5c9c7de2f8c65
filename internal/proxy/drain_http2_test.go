package proxy_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/draining"
	"github.com/alf-go/alf/internal/proxy"
)

// http2Lab is a proxy in memory with two listeners, "old" and "main", whose callers and upstream speak HTTP/2.
type http2Lab struct {
	*memoryLab
	mu    sync.Mutex
	paths map[string]int // requests that were carried out
}

func newHTTP2Lab(t *testing.T) *http2Lab {
	l := &http2Lab{paths: make(map[string]int)}
	l.memoryLab = newMemoryLab(t, l.api, func(m *memoryLab) {
		m.config.Listeners = append(m.config.Listeners, m.listener("old"))
		toUpstream := &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return m.upstream.dial(ctx) },
			Protocols:   new(http.Protocols),
		}
		toUpstream.Protocols.SetUnencryptedHTTP2(true)
		t.Cleanup(toUpstream.CloseIdleConnections)
		m.config.Clients[0].Config.HTTPClient = &http.Client{Transport: toUpstreamOnly{toUpstream}}
	})
	return l
}

// api counts requests when they begin. /echo sends each part of the request back, and ends like a stream of gRPC.
func (l *http2Lab) api(w http.ResponseWriter, r *http.Request) {
	l.mu.Lock()
	l.paths[r.URL.Path]++
	l.mu.Unlock()
	switch r.URL.Path {
	case "/echo":
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		control := http.NewResponseController(w)
		_ = control.Flush()
		b := make([]byte, 100)
		for {
			n, err := r.Body.Read(b)
			if _, failed := w.Write(b[:n]); failed != nil || err != nil {
				break
			}
			_ = control.Flush()
		}
		w.Header().Set("Grpc-Status", "0")
	case "/upload":
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, strconv.FormatInt(n, 10))
	default:
		upgrade(w, r)
	}
}

func (l *http2Lab) carriedOut(path string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paths[path]
}

// connect opens a connection of HTTP/2 to the listener "old".
func (l *http2Lab) connect() *http2Caller {
	l.t.Helper()
	c, err := l.dial("old")
	require.NoError(l.t, err)
	h := newHTTP2Caller(l.t, c)
	h.begin()
	return h
}

// eachEnd runs a test with what ends a listener: a signal, and a reload that does not have it any more. quit begins the
// end; wait returns when the listener is drained, if that is within the drain time of 30 s.
func eachEnd(t *testing.T, test func(t *testing.T, l *http2Lab, quit, wait func())) {
	t.Run("signal", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newHTTP2Lab(t)
			time.Sleep(time.Second)
			wait := sync.OnceFunc(func() { require.NoError(t, <-l.ended); synctest.Wait() })
			defer func() { l.stop(); wait() }()
			test(t, l, func() { l.stop() }, wait)
		})
	})
	t.Run("reload", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			l := newHTTP2Lab(t)
			defer l.end()
			time.Sleep(time.Second)
			cfg := l.config
			cfg.Listeners = cfg.Listeners[:1]
			quit := func() { require.NoError(t, l.proxy.Reload(cfg)) }
			wait := func() {
				for l.proxy.Removed() > 0 {
					time.Sleep(10 * time.Millisecond)
				}
				synctest.Wait()
			}
			test(t, l, quit, wait)
		})
	})
}

// goAwayTime is how long net/http keeps a connection after GOAWAY and its last response.
const goAwayTime = time.Second

// TestX3_DrainOverHTTP2: a caller learns by GOAWAY which of its requests are served. Those end, be it a long response,
// an upload or a stream of gRPC. What it sends after them is not carried out, so that it can be sent elsewhere; and the
// connection is not reset, which could take responses with it (RFC 9113 section 6.8).
func TestX3_DrainOverHTTP2(t *testing.T) {
	eachEnd(t, func(t *testing.T, l *http2Lab, quit, wait func()) {
		c := l.connect()
		c.request(1, "GET", "/slow/20s", "text/plain", true)
		c.request(3, "POST", "/upload", "text/plain", false)
		c.request(5, "POST", "/echo", "application/grpc", false)
		time.Sleep(time.Second)
		began := time.Now()
		quit()
		time.Sleep(draining.IdleTime + 100*time.Millisecond)
		last, code, _ := c.goAway()
		require.EqualValues(t, 5, last)
		require.Zero(t, code, "NO_ERROR")
		c.request(7, "POST", "/late", "text/plain", false)
		c.data(7, "late", true)
		c.request(9, "GET", "/late", "text/plain", true)
		for n := range 10 {
			time.Sleep(time.Second)
			c.data(3, "ten bytes.", n == 9)
			c.data(5, strconv.Itoa(n), n == 9)
			synctest.Wait()
			require.Equal(t, "0123456789"[:n+1], c.of(5).body)
		}
		require.Equal(t, responseFrames{ok: true, body: "100", ended: true, begun: true}, c.of(3))
		require.True(t, c.of(5).ended, "with its trailers")
		require.False(t, c.of(1).ended)
		wait()
		require.InDelta(t, 19+goAwayTime.Seconds(), time.Since(began).Seconds(), 0.6)
		require.Equal(t, "slow", c.of(1).body)
		require.True(t, c.of(1).ended)
		for _, stream := range []uint32{7, 9} {
			require.Zero(t, c.of(stream), "stream %d is after the last one: nothing is said about it", stream)
		}
		require.Zero(t, l.carriedOut("/late"))
		closed, err := c.end()
		require.ErrorIs(t, err, io.EOF)
		require.InDelta(t, 19+goAwayTime.Seconds(), closed.Sub(began).Seconds(), 0.1)
	})
}

// A connection without a request gets GOAWAY and is closed.
func TestX3_DrainClosesIdleConnectionsOfHTTP2(t *testing.T) {
	eachEnd(t, func(t *testing.T, l *http2Lab, quit, wait func()) {
		used, unused := l.connect(), l.connect()
		used.request(1, "GET", "/", "text/plain", true)
		time.Sleep(time.Second)
		require.True(t, used.of(1).ended)
		began := time.Now()
		quit()
		wait()
		require.Less(t, time.Since(began), draining.IdleTime+goAwayTime+time.Second)
		for c, want := range map[*http2Caller]uint32{used: 1, unused: 0} {
			last, code, at := c.goAway()
			require.False(t, at.IsZero(), "GOAWAY")
			require.Equal(t, want, last)
			require.Zero(t, code)
			closed, err := c.end()
			require.ErrorIs(t, err, io.EOF)
			require.InDelta(t, goAwayTime.Seconds(), closed.Sub(at).Seconds(), 0.1, "it has time to read that")
		}
	})
}

// A request that is on its way when the end begins is served, and GOAWAY comes with its response.
func TestX3_DrainServesARequestOnAnIdleConnectionOfHTTP2(t *testing.T) {
	eachEnd(t, func(t *testing.T, l *http2Lab, quit, wait func()) {
		c := l.connect()
		c.request(1, "GET", "/", "text/plain", true)
		time.Sleep(time.Second)
		quit()
		time.Sleep(draining.IdleTime / 2)
		_, _, at := c.goAway()
		require.True(t, at.IsZero())
		c.request(3, "POST", "/upload", "text/plain", false)
		c.data(3, "hello", true)
		synctest.Wait()
		require.Equal(t, responseFrames{ok: true, body: "5", ended: true, begun: true}, c.of(3))
		last, code, _ := c.goAway()
		require.EqualValues(t, 3, last)
		require.Zero(t, code)
		wait()
	})
}

// A caller that has connected and begins to speak HTTP/2 only when the drain has begun delays it no longer than
// others, with a request or without one.
func TestX3_DrainEndsConnectionsOfHTTP2ThatBeginLate(t *testing.T) {
	eachEnd(t, func(t *testing.T, l *http2Lab, quit, wait func()) {
		var late []*http2Caller
		for range 2 {
			c, err := l.dial("old")
			require.NoError(t, err)
			late = append(late, newHTTP2Caller(t, c))
		}
		began := time.Now()
		quit()
		time.Sleep(draining.IdleTime + 500*time.Millisecond)
		for _, c := range late {
			c.begin()
		}
		late[0].request(1, "GET", "/", "text/plain", true)
		synctest.Wait()
		require.Equal(t, "hello", late[0].of(1).body)
		wait()
		require.Less(t, time.Since(began), 5*time.Second)
		for i, c := range late {
			last, code, at := c.goAway()
			require.False(t, at.IsZero(), "GOAWAY")
			require.EqualValues(t, 1-i, last)
			require.Zero(t, code)
			_, err := c.end()
			require.ErrorIs(t, err, io.EOF)
		}
	})
}

// What goes on for longer than the drain time is cut.
func TestX3_DrainOverHTTP2EndsAtItsLimit(t *testing.T) {
	eachEnd(t, func(t *testing.T, l *http2Lab, quit, wait func()) {
		c := l.connect()
		c.request(1, "POST", "/upload", "text/plain", false)
		c.request(3, "POST", "/echo", "application/grpc", false)
		time.Sleep(time.Second)
		began := time.Now()
		quit()
		for n := range 29 {
			time.Sleep(time.Second)
			c.data(1, "x", false)
			c.data(3, "x", false)
			synctest.Wait()
			require.Equal(t, strings.Repeat("x", n+1), c.of(3).body)
		}
		wait()
		require.InDelta(t, 30, time.Since(began).Seconds(), 1)
		require.False(t, c.of(1).ended)
		require.False(t, c.of(3).ended)
		closed, _ := c.end()
		require.InDelta(t, 30, closed.Sub(began).Seconds(), 0.1)
	})
}

// Clients of HTTP/2 as they are, net/http's here, have no request fail at the end of a listener if they may connect to
// another one: each request is carried out once. On real sockets, whose connections could be reset.
func TestX3_NoRequestOfHTTP2IsLostOverTheEndOfAListener(t *testing.T) {
	var mu sync.Mutex
	carriedOut := make(map[string]int)
	l := newLab(t, http1, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		carriedOut[r.URL.Path]++
		mu.Unlock()
		_, _ = io.Copy(w, r.Body)
	}, func(cfg *proxy.Config) {
		cfg.Listeners = append(cfg.Listeners, proxy.Listener{Address: cfg.Listeners[0].Address + ".2"})
	})
	var connections atomic.Int64
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		connections.Add(1)
		var d net.Dialer
		if c, err := d.DialContext(ctx, "unix", l.socket); err == nil {
			return c, nil
		}
		return d.DialContext(ctx, "unix", l.socket+".2")
	}
	defer transport.CloseIdleConnections()
	caller := &http.Client{Transport: transport, Timeout: noLimit}
	stop, done := make(chan struct{}), make(chan struct{})
	var callers sync.WaitGroup
	defer callers.Wait()
	defer close(stop)
	for i := range 16 {
		callers.Go(func() {
			for n := 0; ; n++ {
				path := fmt.Sprintf("/%d/%d", i, n)
				resp, err := caller.Post("http://localhost"+path, "text/plain", strings.NewReader("hello"))
				if err != nil {
					t.Error(err)
					<-stop
					return
				}
				body, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				mu.Lock()
				times := carriedOut[path]
				mu.Unlock()
				if err != nil || resp.StatusCode != http.StatusOK || string(body) != "hello" || times != 1 {
					t.Errorf("%s: %d %q %v, carried out %d times", path, resp.StatusCode, body, err, times)
				}
				select {
				case done <- struct{}{}:
				case <-stop:
					return
				}
			}
		})
	}
	const rounds = 10
	for n := range rounds {
		cfg := l.config
		cfg.Listeners = []proxy.Listener{l.config.Listeners[n%2]}
		for _, cfg := range []proxy.Config{cfg, l.config} {
			for range 40 {
				select {
				case <-done:
				case <-time.After(noLimit):
					t.Fatal("the callers are stuck")
				}
			}
			require.NoError(t, l.proxy.Reload(cfg))
		}
	}
	require.GreaterOrEqual(t, int(connections.Load()), rounds)
}
