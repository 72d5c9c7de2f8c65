package sim

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
)

// Transport returns a transport whose connections all lead to the server, whatever address they are for: over the
// socket if the server was started, else through memory. It trusts the server's certificates, for whatever host. It is
// for code that needs an *http.Transport, such as to present a certificate of its own; all other code is better off
// with [Server.RoundTripper], which needs no connections. Close its idle connections when it is not used any more, in a
// testing/synctest bubble above all.
func (s *Server) Transport() *http.Transport {
	return s.like(&http.Transport{MaxIdleConnsPerHost: maxIdle})
}

// maxIdle is how many idle connections a transport keeps: the requests of a test go to few hosts.
const maxIdle = 100

// like returns a transport with the settings of another one, whose connections lead here.
func (s *Server) like(template *http.Transport) *http.Transport {
	t := template.Clone()
	t.Proxy, t.DialContext = nil, s.dial
	//lint:ignore SA1019 they would lead elsewhere
	t.Dial, t.DialTLS, t.DialTLSContext = nil, nil, nil
	// The server speaks HTTP/1.
	t.TLSNextProto, t.ForceAttemptHTTP2, t.Protocols = nil, false, nil
	if t.TLSClientConfig == nil {
		t.TLSClientConfig = new(tls.Config)
	}
	t.TLSClientConfig.RootCAs = s.RootCAs()
	t.TLSClientConfig.NextProtos = nil
	return t
}

// dial connects to the server.
func (s *Server) dial(ctx context.Context, _, address string) (net.Conn, error) {
	s.mu.Lock()
	k, closed := s.socket, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, errRefused
	case k != nil:
		var d net.Dialer
		return d.DialContext(ctx, "tcp", k.address)
	}
	client, server := net.Pipe()
	at := net.IPv4(127, 0, 0, 1)
	if host, _, err := net.SplitHostPort(address); err == nil && net.ParseIP(host) != nil {
		at = net.ParseIP(host)
	}
	s.connections.serve(&pipeConn{server, at})
	return client, nil
}

// pipeConn is an end of a net.Pipe, with addresses that handlers can parse.
type pipeConn struct {
	net.Conn
	at net.IP // the address that it was made for
}

func (p *pipeConn) LocalAddr() net.Addr { return &net.TCPAddr{IP: p.at, Port: 443} }
func (*pipeConn) RemoteAddr() net.Addr  { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
