package sim

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
)

// connections serves what is connected to the server, over its socket or in memory. Each connection is served by
// itself, in TLS if it begins with a handshake: so nothing runs while there are none, as a bubble needs it.
type connections struct {
	http *http.Server
	tls  *tls.Config

	mu      sync.Mutex
	silent  map[net.Conn]bool // that have not sent anything yet
	closed  bool
	running sync.WaitGroup // all that is connected
}

func newConnections(handler http.Handler, authorities *authorities) *connections {
	c := &connections{silent: map[net.Conn]bool{}}
	c.tls = &tls.Config{
		GetCertificate: authorities.forServer,
		// Any certificate is accepted here: a client that is refused should learn so by a response, and not by a
		// connection that breaks.
		ClientAuth: tls.RequestClientCert,
		MinVersion: tls.VersionTLS12,
		// A request that gets no response takes its connection with it, as without TLS.
		NextProtos:             []string{"http/1.1"},
		SessionTicketsDisabled: true,
	}
	c.http = &http.Server{
		Handler:  handler,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				c.running.Add(1)
			case http.StateClosed, http.StateHijacked:
				c.running.Done()
			}
		},
	}
	return c
}

// serve serves a connection, on a goroutine that lives as long as it.
func (c *connections) serve(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return
	}
	c.silent[conn] = true
	c.running.Go(func() { c.begin(conn) })
}

// recordTypeHandshake is the first byte of a TLS connection (RFC 8446 section 5.1).
const recordTypeHandshake = 22

func (c *connections) begin(conn net.Conn) {
	first := make([]byte, 1)
	_, err := io.ReadFull(conn, first)
	c.mu.Lock()
	delete(c.silent, conn)
	c.mu.Unlock()
	if err != nil {
		conn.Close()
		return
	}
	var begun net.Conn = &begunConn{Conn: conn, first: first}
	if first[0] == recordTypeHandshake {
		begun = tls.Server(begun, c.tls)
	}
	only := &onlyListener{conn: begun}
	_ = c.http.Serve(only) // it always fails, when it looks for another connection
	if only.conn != nil {
		begun.Close() // the server was closed before it looked for this one
	}
}

// close returns when nothing is served any more.
func (c *connections) close() {
	c.mu.Lock()
	c.closed = true
	for conn := range c.silent {
		conn.Close()
	}
	c.mu.Unlock()
	c.http.Close()
	c.running.Wait()
}

// begunConn is a connection of which the first byte was read.
type begunConn struct {
	net.Conn
	first []byte
}

func (b *begunConn) Read(p []byte) (int, error) {
	if len(b.first) > 0 && len(p) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	return b.Conn.Read(p)
}

// onlyListener accepts one connection.
type onlyListener struct{ conn net.Conn }

func (l *onlyListener) Accept() (net.Conn, error) {
	conn := l.conn
	if conn == nil {
		return nil, net.ErrClosed
	}
	l.conn = nil
	return conn, nil
}

func (l *onlyListener) Close() error   { return nil }
func (l *onlyListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
