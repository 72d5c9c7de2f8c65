package proxy_test

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// network is what callers and the proxy are connected by, in memory: a bubble waits for no socket.
type network struct {
	mu        sync.Mutex
	listeners map[string]*listener // that are open, by their address
	changed   chan struct{}        // closed when one more is
}

func newNetwork() *network {
	return &network{listeners: make(map[string]*listener), changed: make(chan struct{})}
}

// listener is one in memory. A connection is accepted or was never made.
type listener struct {
	network *network
	address string
	arrived chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

// open opens a listener.
func (n *network) open(address string) func() (net.Listener, error) {
	return func() (net.Listener, error) {
		n.mu.Lock()
		defer n.mu.Unlock()
		l := &listener{network: n, address: address, arrived: make(chan net.Conn), closed: make(chan struct{})}
		n.listeners[address] = l
		close(n.changed)
		n.changed = make(chan struct{})
		return l, nil
	}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrived:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.network.mu.Lock()
		defer l.network.mu.Unlock()
		if l.network.listeners[l.address] == l {
			delete(l.network.listeners, l.address)
		}
	})
	return nil
}

func (l *listener) Addr() net.Addr { return loopback }

var loopback = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8480}

// dial connects, as soon as there is a listener: a caller in production tries again until the proxy is back.
func (n *network) dial(ctx context.Context, address string) (net.Conn, error) {
	for {
		n.mu.Lock()
		l, changed := n.listeners[address], n.changed
		n.mu.Unlock()
		if l == nil {
			select {
			case <-changed:
				continue
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		here, there := net.Pipe()
		select {
		case l.arrived <- conn{there}:
			return conn{here}, nil
		case <-l.closed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// conn is a connection with addresses that can be parsed.
type conn struct{ net.Conn }

func (conn) LocalAddr() net.Addr  { return loopback }
func (conn) RemoteAddr() net.Addr { return loopback }

// client makes an HTTP client whose connections all lead to one listener.
func (n *network) client(address string, http2, keep bool) *http.Client {
	t := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return n.dial(ctx, address) },
		DisableKeepAlives: !keep,
	}
	if http2 {
		t.Protocols = new(http.Protocols)
		t.Protocols.SetUnencryptedHTTP2(true)
	}
	return &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
