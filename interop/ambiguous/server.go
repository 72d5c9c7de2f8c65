package ambiguous

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// Server is what the proxies forward to. It records the requests that reach it, and responds to each with 200 once it
// is complete.
type Server struct {
	listener net.Listener
	running  sync.WaitGroup

	mu          sync.Mutex
	connections map[net.Conn]*connection
	accepted    []*connection // since the last Take, in their order
}

// connection is one that a proxy opened.
type connection struct {
	from string // the address it came from

	mu       sync.Mutex
	text     []byte // that has not been understood yet
	requests []*Forwarded
	done     chan struct{} // closed when it is recorded
}

// NewServer starts a server on a free port of 127.0.0.1.
func NewServer() (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Server{listener: listener, connections: map[net.Conn]*connection{}}
	s.running.Go(s.accept)
	return s, nil
}

// Address is where it listens.
func (s *Server) Address() string { return s.listener.Addr().String() }

// Close ends the server with its connections.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.closeConnections()
	s.running.Wait()
}

func (s *Server) closeConnections() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.connections {
		_ = conn.Close()
	}
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		c := &connection{from: conn.RemoteAddr().String(), done: make(chan struct{})}
		s.mu.Lock()
		s.connections[conn] = c
		s.accepted = append(s.accepted, c)
		s.mu.Unlock()
		s.running.Go(func() {
			defer close(c.done)
			defer func() {
				s.mu.Lock()
				delete(s.connections, conn)
				s.mu.Unlock()
				_ = conn.Close()
			}()
			c.record(conn)
		})
	}
}

// record reads until the proxy closes the connection. Each response says that it is the connection's last, and still
// whatever follows is recorded: a second request may be what another server would have made of the first one's bytes.
func (c *connection) record(conn net.Conn) {
	buffer := make([]byte, 64<<10)
	expected := false
	for {
		n, err := conn.Read(buffer)
		c.mu.Lock()
		c.text = append(c.text, buffer[:n]...)
		var responses []*Forwarded
		for {
			request, size := read(c.text)
			if size == 0 {
				break
			}
			c.text = c.text[size:]
			c.requests = append(c.requests, request)
			responses = append(responses, request)
		}
		waiting := strings.Contains(strings.ToLower(string(c.text)), "\r\nexpect: 100-continue\r\n")
		c.mu.Unlock()
		for _, request := range responses {
			text := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
			if request.Method != "HEAD" {
				text += "ok"
			}
			_, _ = conn.Write([]byte(text))
		}
		if waiting && !expected {
			expected = true
			_, _ = conn.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
		}
		if err != nil {
			return
		}
	}
}

// Take returns the complete requests that have reached the server since the last Take. The caller has closed its
// connection to the proxy. Those of the proxy that are still open after wait are closed.
func (s *Server) Take(ctx context.Context, wait time.Duration) ([]*Forwarded, error) {
	// Connections are accepted in the order in which they were opened: once this one is there, all others are.
	last, err := net.Dial("tcp", s.Address())
	if err != nil {
		return nil, err
	}
	defer func() { _ = last.Close() }()
	opened, err := s.openedBefore(ctx, last.LocalAddr().String())
	if err != nil {
		return nil, err
	}
	limit := time.NewTimer(wait)
	defer limit.Stop()
	var requests []*Forwarded
	for _, c := range opened {
		select {
		case <-c.done:
		case <-limit.C:
			s.closeConnections()
			<-c.done
			limit.Reset(0)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		c.mu.Lock()
		requests = append(requests, c.requests...)
		c.mu.Unlock()
	}
	return requests, nil
}

// openedBefore waits for the connection from an address, and returns those before it.
func (s *Server) openedBefore(ctx context.Context, from string) ([]*connection, error) {
	for ctx.Err() == nil {
		s.mu.Lock()
		for i, c := range s.accepted {
			if c.from == from {
				opened := s.accepted[:i]
				s.accepted = append([]*connection(nil), s.accepted[i+1:]...)
				s.mu.Unlock()
				return opened, nil
			}
		}
		s.mu.Unlock()
		time.Sleep(100 * time.Microsecond)
	}
	return nil, errors.Join(errors.New("the server does not accept connections"), context.Cause(ctx))
}
