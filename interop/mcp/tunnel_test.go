package mcp_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// tunnel stands between clients and a server, as a network does. When it breaks, clients notice, and the server does
// not: it believes that its streams are open.
type tunnel struct {
	listener net.Listener
	to       string

	mu      sync.Mutex
	open    map[*passage]bool // and whether it is broken
	running sync.WaitGroup
}

// passage is one connection.
type passage struct{ client, server net.Conn }

// newTunnel makes a tunnel to the server at endpoint, and returns the URL of the endpoint behind it.
func newTunnel(t *testing.T, endpoint string) (*tunnel, string) {
	u, err := url.Parse(endpoint)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	n := &tunnel{listener: listener, to: u.Host, open: map[*passage]bool{}}
	n.running.Go(n.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		n.breaks()
		n.serverNotices()
		n.running.Wait()
	})
	u.Host = listener.Addr().String()
	return n, u.String()
}

func (n *tunnel) accept() {
	for {
		client, err := n.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", n.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p := &passage{client, server}
		n.mu.Lock()
		n.open[p] = false
		n.mu.Unlock()
		n.running.Go(func() {
			_, _ = io.Copy(server, client)
			n.over(p)
		})
		n.running.Go(func() {
			_, _ = io.Copy(client, server)
			n.over(p)
			_, _ = io.Copy(io.Discard, server) // the client is gone, and the server does not know
		})
	}
}

// over closes a connection that one side has closed, unless it is broken.
func (n *tunnel) over(p *passage) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if broken, open := n.open[p]; open && !broken {
		delete(n.open, p)
		_, _ = p.client.Close(), p.server.Close()
	}
}

// breaks closes the clients' ends.
func (n *tunnel) breaks() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p := range n.open {
		n.open[p] = true
		_ = p.client.Close()
	}
}

// serverNotices closes the server's ends of what is broken.
func (n *tunnel) serverNotices() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p, broken := range n.open {
		if broken {
			_ = p.server.Close()
			delete(n.open, p)
		}
	}
}
