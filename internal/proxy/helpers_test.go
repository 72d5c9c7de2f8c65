package proxy_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// protocol is what an upstream or a caller speaks.
type protocol string

const (
	http1   protocol = "HTTP/1.1"
	h2c     protocol = "HTTP/2 without TLS"
	http2   protocol = "HTTP/2"
	http1s  protocol = "HTTP/1.1 over TLS"
	noLimit          = time.Minute // of what must not hang
)

// lab is an authorization server and an API behind it, with a proxy before them.
type lab struct {
	server *sim.Server
	proxy  *proxy.Proxy
	socket string
	http   *http.Client // of a caller that speaks HTTP/1.1
	config proxy.Config
}

// newLab starts all of it; api is what requests with a good token reach, and change edits the configuration.
func newLab(t *testing.T, upstream protocol, api http.HandlerFunc, change func(*proxy.Config)) *lab {
	t.Helper()
	options := sim.Options{Generous: true}
	if api != nil {
		options.API = api
	}
	l := &lab{server: sim.New(options), socket: filepath.Join(t.TempDir(), "s")}
	l.server.Start()
	t.Cleanup(l.server.Close)
	address, trust := serve(t, upstream, l.server)
	client := l.server.Config()
	client.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	l.config = proxy.Config{
		Listeners: []proxy.Listener{{Address: "unix:" + l.socket}},
		Clients:   []proxy.Client{{Key: "one", Config: client}},
		Routes:    []proxy.Route{{Route: routing.Route{Name: "api", Headers: usual}, Upstream: address, HTTP2: upstream == h2c}},
		DrainTime: 5 * time.Second,
		Log:       slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&l.config)
	}
	l.start(t)
	return l
}

// usual are the policies that a configuration has if it says nothing.
var usual = routing.Headers{Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop}

// serve starts an upstream.
func serve(t *testing.T, p protocol, h http.Handler) (*url.URL, *tls.Config) {
	s := httptest.NewUnstartedServer(h)
	trust := new(tls.Config)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	switch p {
	case http1:
		s.Start()
	case h2c:
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Start()
	default:
		s.EnableHTTP2 = p == http2
		s.Config.Protocols.SetHTTP2(p == http2)
		s.StartTLS()
		trust.RootCAs = x509.NewCertPool()
		trust.RootCAs.AddCert(s.Certificate())
	}
	t.Cleanup(s.Close)
	address, err := url.Parse(s.URL)
	require.NoError(t, err)
	return address, trust
}

func (l *lab) start(t *testing.T) {
	var err error
	l.proxy, err = proxy.New(l.config)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.proxy.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	l.http = l.caller(t, http1)
}

// caller makes a client that connects to the proxy's socket.
func (l *lab) caller(t *testing.T, p protocol) *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", l.socket)
		},
		MaxIdleConnsPerHost: 1000,
	}
	if p == h2c {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: noLimit}
}

// dial opens a connection to the proxy, for bytes that no client would send.
func (l *lab) dial(t *testing.T) net.Conn {
	c, err := net.Dial("unix", l.socket)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(noLimit)))
	return c
}

// response is one that was read to its end.
type response struct {
	*http.Response
	body string
}

// do sends a request and reads the response.
func do(t *testing.T, c *http.Client, req *http.Request) response {
	t.Helper()
	resp, err := c.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return response{resp, string(body)}
}

// request makes one to the proxy.
func request(t *testing.T, method, path string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://localhost"+path, body)
	require.NoError(t, err)
	return req
}

// get is the most frequent request.
func (l *lab) get(t *testing.T, path string) response {
	t.Helper()
	return do(t, l.http, request(t, "GET", path, nil))
}

// each runs a test with every protocol of the caller and of the upstream.
func each(t *testing.T, test func(t *testing.T, caller, upstream protocol)) {
	for _, caller := range []protocol{http1, h2c} {
		for _, upstream := range []protocol{http1, http1s, http2, h2c} {
			t.Run(string(caller)+" to "+string(upstream), func(t *testing.T) { test(t, caller, upstream) })
		}
	}
}

func (l *lab) inFlight() int64 { return l.proxy.InFlight() }
