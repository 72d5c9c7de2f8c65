package dial

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// network has addresses that accept, refuse or drop packets, each after a time.
type network struct {
	mu     sync.Mutex
	dialed []string
	open   int
}

type pipe struct {
	net.Conn
	n *network
}

func (p pipe) Close() error {
	p.n.mu.Lock()
	defer p.n.mu.Unlock()
	p.n.open--
	return p.Conn.Close()
}

func (n *network) connections() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.open
}

var errRefused = errors.New("refused")

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, address)
	n.mu.Unlock()
	switch address[0] {
	case 'd': // drops
		<-ctx.Done()
		return nil, ctx.Err()
	case 'r':
		return nil, errRefused
	case 's': // slow, and deaf to its context
		time.Sleep(time.Second)
	}
	a, _ := net.Pipe()
	n.mu.Lock()
	n.open++
	n.mu.Unlock()
	return pipe{a, n}, nil
}

func TestC9_AllAddressesAreTriedInTime(t *testing.T) {
	for name, c := range map[string]struct {
		addresses []string
		took      time.Duration
		fails     bool
	}{
		"the first":              {[]string{"ok1", "ok2"}, 0, false},
		"one that drops":         {[]string{"d1", "ok"}, 300 * time.Millisecond, false},
		"three that drop":        {[]string{"d1", "d2", "d3", "ok"}, 900 * time.Millisecond, false},
		"one that refuses":       {[]string{"r1", "ok"}, 0, false},
		"dropped, then refused":  {[]string{"d1", "r2", "ok"}, 300 * time.Millisecond, false},
		"a slow one":             {[]string{"s1", "d2"}, time.Second, false},
		"the slow one, too late": {[]string{"s1", "ok"}, 300 * time.Millisecond, false},
		"all refuse":             {[]string{"r1", "r2"}, 0, true},
		"all drop":               {[]string{"d1", "d2"}, 5 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := &network{}
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				start := time.Now()
				conn, err := race(ctx, n.dial, "tcp", c.addresses)
				require.Equal(t, c.took, time.Since(start))
				require.Equal(t, c.fails, err != nil)
				time.Sleep(2 * time.Second)
				if err == nil {
					require.Equal(t, 1, n.connections(), "those that were too late are closed")
					require.NoError(t, conn.Close())
				}
				require.Zero(t, n.connections())
			})
		})
	}
}

// A function of the user's may give names a meaning of their own.
func TestC9_ADialerOfTheUsersIsLeftAlone(t *testing.T) {
	n := &network{}
	_, err := AllAddresses(n.dial)(t.Context(), "tcp", "r:443")
	require.ErrorIs(t, err, errRefused)
	require.Equal(t, []string{"r:443"}, n.dialed)
}

func TestC9_ARealConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, address := range []string{listener.Addr().String(), "localhost:" + port} {
		conn, err := AllAddresses(nil)(t.Context(), "tcp", address)
		require.NoError(t, err, address)
		require.NoError(t, conn.Close())
	}
}
