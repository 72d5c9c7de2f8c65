package http1_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/dial"
	"github.com/alf-go/alf/internal/http1"
)

// noLimit is the limit of what must not hang.
const noLimit = time.Minute

// server is an upstream that does with each connection what a test says.
type server struct {
	url      string
	trust    *x509.CertPool
	accepted atomic.Int64
	closed   chan struct{} // has an element for each connection whose end the server has seen
}

// session is one connection, numbered from 0; those of a caller begin with 0 again after its first request.
type session struct {
	net.Conn
	r      *bufio.Reader
	raw    bytes.Buffer // what has come
	number int
}

// request reads one; nil at the end of the connection.
func (s *session) request() *http.Request {
	req, err := http.ReadRequest(s.r)
	if err != nil {
		return nil
	}
	return req
}

// send sends text, and returns when the system has it for the caller.
func (s *session) send(format string, args ...any) { _, _ = fmt.Fprintf(s.Conn, format, args...) }

// ok sends a response with a length.
func (s *session) ok(body string) {
	s.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// serve runs f for each connection, and closes it then.
func serve(t *testing.T, secured bool, f func(*session)) *server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &server{url: "http://" + l.Addr().String(), closed: make(chan struct{}, 1000)}
	if secured {
		// for its certificate alone
		other := httptest.NewTLSServer(nil)
		other.Close()
		s.trust = x509.NewCertPool()
		s.trust.AddCert(other.Certificate())
		s.url = "https://" + l.Addr().String()
		l = tls.NewListener(l, &tls.Config{Certificates: other.TLS.Certificates, DynamicRecordSizingDisabled: true})
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			number := int(s.accepted.Add(1)) - 1
			running.Go(func() {
				one := &session{Conn: c, number: number}
				one.r = bufio.NewReader(io.TeeReader(c, &one.raw))
				f(one)
				_ = c.Close()
				s.closed <- struct{}{}
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, l.Close())
		running.Wait()
	})
	return s
}

// base is a transport as the proxy has it.
func (s *server) base() *http.Transport {
	return &http.Transport{
		DialContext: dial.AllAddresses(nil), TLSClientConfig: &tls.Config{RootCAs: s.trust}, TLSHandshakeTimeout: noLimit,
		MaxIdleConnsPerHost: 100, IdleConnTimeout: noLimit, MaxResponseHeaderBytes: 16 << 10, DisableCompression: true, ForceAttemptHTTP2: true,
	}
}

// caller sends requests by a transport that knows its server to speak HTTP/1.1, if f responds to the request for
// /first.
type caller struct {
	*http1.Transport
	t   *testing.T
	url string
}

// call makes a caller. change edits the base.
func call(t *testing.T, s *server, change func(*http.Transport)) *caller {
	base := s.base()
	if change != nil {
		change(base)
	}
	c := &caller{http1.New(base), t, s.url}
	t.Cleanup(c.CloseIdleConnections)
	require.Equal(t, "first", c.get("/first"))
	base.CloseIdleConnections()
	<-s.closed
	s.accepted.Store(0)
	return c
}

// withFirst serves the first request of a caller, which its base sends, and leaves the others to f.
func withFirst(f func(*session)) func(*session) {
	return func(s *session) {
		first, err := s.r.Peek(len("GET /first"))
		if err == nil && string(first) == "GET /first" {
			s.request()
			s.ok("first")
			s.request() // none: the base closes the connection
			return
		}
		f(s)
	}
}

// each runs a test with a server without TLS and one with it.
func each(t *testing.T, f func(*session), test func(t *testing.T, s *server)) {
	for _, secured := range []bool{false, true} {
		t.Run(map[bool]string{false: "plain", true: "TLS"}[secured], func(t *testing.T) { test(t, serve(t, secured, withFirst(f))) })
	}
}

func (c *caller) request(method, path string, body io.Reader) *http.Request {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, body)
	require.NoError(c.t, err)
	return req
}

// get returns the body of a response.
func (c *caller) get(path string) string {
	c.t.Helper()
	body, err := c.tryGet(path)
	require.NoError(c.t, err)
	return body
}

func (c *caller) tryGet(path string) (string, error) {
	resp, err := c.RoundTrip(c.request("GET", path, nil))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// echo responds to each request with its path.
func echo(s *session) {
	for req := s.request(); req != nil; req = s.request() {
		s.ok(strings.TrimPrefix(req.URL.Path, "/"))
	}
}
