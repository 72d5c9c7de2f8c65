package redisstore_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// proxy passes on what processes and a server send each other, and is what can happen to a network: it delays, cuts
// connections, and goes silent.
type proxy struct {
	listener net.Listener
	to       string
	running  sync.WaitGroup

	mu     sync.Mutex
	ends   map[net.Conn]bool // of all connections, both of each
	delay  time.Duration
	cut    bool
	speaks chan struct{} // closed while it does
	closed bool
}

func startProxy(t testing.TB, to string) *proxy {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, to: to, ends: map[net.Conn]bool{}, speaks: make(chan struct{})}
	close(p.speaks)
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

func (p *proxy) url() string { return "redis://" + p.listener.Addr().String() }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.connect(client) })
	}
}

// connect passes on what comes from either side until one of them has ended.
func (p *proxy) connect(client net.Conn) {
	if !p.add(client) {
		return
	}
	defer p.remove(client)
	server, err := net.DialTimeout("tcp", p.to, time.Second)
	if err != nil {
		return
	}
	// A connection to a port on which no server listens may find itself at the other end.
	if server.LocalAddr().String() == server.RemoteAddr().String() || !p.add(server) {
		_ = server.Close()
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		both.Go(func() {
			p.pass(way[0], way[1])
			p.remove(client)
			p.remove(server)
		})
	}
	both.Wait()
}

func (p *proxy) add(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut || p.closed {
		_ = conn.Close()
		return false
	}
	p.ends[conn] = true
	return true
}

func (p *proxy) remove(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.ends, conn)
	_ = conn.Close()
}

func (p *proxy) pass(from, to net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		p.mu.Lock()
		delay, speaks := p.delay, p.speaks
		p.mu.Unlock()
		<-speaks
		pause(context.Background(), delay)
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// setDelay delays what is passed on.
func (p *proxy) setDelay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// setCut cuts all connections, and each new one.
func (p *proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
	if cut {
		p.drop()
	}
}

// drop cuts the connections that are there. The lock is held.
func (p *proxy) drop() {
	for conn := range p.ends {
		_ = conn.Close()
	}
}

// silence passes nothing on. Connections stay, and new ones are accepted.
func (p *proxy) silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.speaks = make(chan struct{})
}

// speak ends that. What was sent meanwhile arrives, unless the connections were lost.
func (p *proxy) speak(lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if lost {
		p.drop()
	}
	p.letGo()
}

func (p *proxy) letGo() {
	select {
	case <-p.speaks:
	default:
		close(p.speaks)
	}
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.drop()
	p.letGo()
	p.mu.Unlock()
	p.running.Wait()
}
