package alf_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// pipes is a network in memory. Its connections can go silent, as if a load balancer had dropped them without a word;
// new ones work.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}

	mu     sync.Mutex
	open   []*pipe
	dialed int
}

// pipe is one end of a connection.
type pipe struct {
	net.Conn
	silent *atomic.Bool
}

func (p *pipe) Write(b []byte) (int, error) {
	if p.silent.Load() {
		return len(b), nil // as the kernel does, for a while
	}
	return p.Conn.Write(b)
}

func newPipes() *pipes { return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{})} }

func (n *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	silent := new(atomic.Bool)
	n.mu.Lock()
	n.dialed++
	n.open = append(n.open, &pipe{client, silent})
	n.mu.Unlock()
	select {
	case n.accepted <- &pipe{server, silent}:
		return &pipe{client, silent}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *pipes) silence() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.open {
		p.silent.Store(true)
	}
}

func (n *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-n.accepted:
		return conn, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *pipes) Close() error {
	close(n.closed)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.open {
		p.Close()
	}
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// deadConnections runs a test in a bubble, whose http.DefaultTransport dials the pipes.
func deadConnections(t *testing.T, test func(t *testing.T, network *pipes, client *alf.Client, http2 bool)) {
	standard := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = standard })
	for name, http2 := range map[string]bool{"HTTP/1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				network := newPipes()
				protocols := new(http.Protocols)
				protocols.SetUnencryptedHTTP2(http2)
				protocols.SetHTTP1(!http2)
				server := &http.Server{Protocols: protocols, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/slow" {
						time.Sleep(time.Second)
					}
				})}
				go server.Serve(network)
				http.DefaultTransport = &http.Transport{DialContext: network.dial, Protocols: protocols, IdleConnTimeout: 90 * time.Second}
				client, err := alf.New(alf.Config{Fetcher: constantFetcher(time.Hour)})
				require.NoError(t, err)
				test(t, network, client, http2)
				require.NoError(t, client.Close())
				require.NoError(t, server.Close())
				time.Sleep(time.Minute)
			})
		})
	}
}

// getWithin sends a request with a time limit.
func getWithin(t *testing.T, client *alf.Client, path string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	resp, err := client.GetContext(ctx, "http://127.0.0.1"+path)
	if err == nil {
		readAll(t, resp)
	}
	return err
}

func TestC9_ADeadConnectionCostsOneFailedAttempt(t *testing.T) {
	deadConnections(t, func(t *testing.T, network *pipes, client *alf.Client, http2 bool) {
		// Several connections over HTTP/1.
		atOnce(5, func(int) {
			if err := getWithin(t, client, "/slow", 10*time.Second); err != nil {
				t.Error(err)
			}
		})
		network.silence()
		failures := 0
		for range 30 {
			if err := getWithin(t, client, "/", 3500*time.Millisecond); err != nil {
				require.True(t, errors.Is(err, context.DeadlineExceeded), "%v", err)
				failures++
			}
		}
		require.Equal(t, 1, failures, "of 30 requests, one after the other")
	})
}

func TestC9_ADeadConnectionThatIsAlwaysInUseIsFoundByPings(t *testing.T) {
	deadConnections(t, func(t *testing.T, network *pipes, client *alf.Client, http2 bool) {
		require.NoError(t, getWithin(t, client, "/", time.Second))
		network.silence()
		start := time.Now()
		var last atomic.Int64
		var all sync.WaitGroup
		for range 105 {
			all.Go(func() {
				if err := getWithin(t, client, "/", 3500*time.Millisecond); err != nil {
					last.Store(int64(time.Since(start)))
				}
			})
			time.Sleep(time.Second)
		}
		all.Wait()
		require.LessOrEqual(t, time.Duration(last.Load()), 15*time.Second+3500*time.Millisecond, "the last failure")
	})
}

func TestC9_ADeadIdleConnectionIsFoundBeforeItIsUsed(t *testing.T) {
	deadConnections(t, func(t *testing.T, network *pipes, client *alf.Client, http2 bool) {
		require.NoError(t, getWithin(t, client, "/", time.Second))
		network.silence()
		time.Sleep(16 * time.Second)
		err := getWithin(t, client, "/", time.Second)
		require.Equal(t, http2, err == nil, "HTTP/1 has no pings: %v", err)
		require.NoError(t, getWithin(t, client, "/", time.Second))
	})
}

func TestC9_ASlowAPIDoesNotCostTheOthersTheirConnections(t *testing.T) {
	deadConnections(t, func(t *testing.T, network *pipes, client *alf.Client, http2 bool) {
		for range 100 {
			require.Error(t, getWithin(t, client, "/slow", 100*time.Millisecond))
			require.NoError(t, getWithin(t, client, "/", 2*time.Second))
		}
		network.mu.Lock()
		defer network.mu.Unlock()
		limit := 100 + 5 // HTTP/1 gives up each connection that is not responding
		if http2 {
			limit = 5
		}
		require.LessOrEqual(t, network.dialed, limit)
	})
}
