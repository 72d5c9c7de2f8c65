package proxy_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// pipes is a listener in memory, so that time in a bubble of testing/synctest passes.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

func (l *pipes) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// memoryLab is a proxy in memory, with an authorization server and an upstream.
type memoryLab struct {
	t        *testing.T
	server   *sim.Server
	upstream *pipes
	proxy    *proxy.Proxy
	config   proxy.Config
	stop     context.CancelFunc
	ended    chan error
	mu       sync.Mutex
	at       map[string]*pipes // listeners, by address
}

// newMemoryLab makes one; api is the upstream.
func newMemoryLab(t *testing.T, api http.HandlerFunc, change func(*memoryLab)) *memoryLab {
	t.Helper()
	l := &memoryLab{t: t, server: sim.New(sim.Options{Generous: true}), upstream: newPipes(), at: map[string]*pipes{}, ended: make(chan error, 1)}
	if api == nil {
		api = func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }
	}
	upstream := &http.Server{Handler: api, Protocols: new(http.Protocols)}
	upstream.Protocols.SetHTTP1(true)
	upstream.Protocols.SetUnencryptedHTTP2(true)
	go upstream.Serve(l.upstream)
	t.Cleanup(func() { upstream.Close() })
	l.config = proxy.Config{
		Listeners: []proxy.Listener{l.listener("main")},
		Clients:   []proxy.Client{l.client("one")},
		Routes: []proxy.Route{{
			Route:    routing.Route{Name: "api", Headers: routing.Headers{Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop}},
			Upstream: &url.URL{Scheme: "http", Host: "127.0.0.1:80"},
		}},
		DrainTime: 30 * time.Second, UpgradeDrainTime: 10 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(l)
	}
	var err error
	l.proxy, err = proxy.New(l.config)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	l.stop = stop
	go func() { l.ended <- l.proxy.Run(ctx) }()
	return l
}

// end ends the proxy.
func (l *memoryLab) end() {
	l.stop()
	require.NoError(l.t, <-l.ended)
}

// listener makes one in memory.
func (l *memoryLab) listener(address string) proxy.Listener {
	return proxy.Listener{Address: address, Open: func() (net.Listener, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.at[address] = newPipes()
		return l.at[address], nil
	}}
}

// client makes a configuration of a client whose token requests and requests stay in memory.
func (l *memoryLab) client(key string) proxy.Client {
	cfg := l.server.Config()
	toUpstream := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return l.upstream.dial(ctx) }}
	l.t.Cleanup(toUpstream.CloseIdleConnections)
	cfg.TokenRequest.Transport = l.server.RoundTripper()
	cfg.HTTPClient = &http.Client{Transport: toUpstreamOnly{toUpstream}}
	return proxy.Client{Key: key, Config: cfg}
}

// toUpstreamOnly is no http.Transport, so that the proxy does not replace it.
type toUpstreamOnly struct{ *http.Transport }

// dial connects to a listener.
func (l *memoryLab) dial(address string) (net.Conn, error) {
	l.mu.Lock()
	at := l.at[address]
	l.mu.Unlock()
	return at.dial(l.t.Context())
}

// caller makes an HTTP client.
func (l *memoryLab) caller(address string) *http.Client {
	transport := &http.Transport{
		DialContext:         func(context.Context, string, string) (net.Conn, error) { return l.dial(address) },
		MaxIdleConnsPerHost: 1000,
	}
	l.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func (l *memoryLab) get(c *http.Client, path string) (int, string) {
	l.t.Helper()
	resp, err := c.Get("http://localhost" + path)
	require.NoError(l.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(l.t, err)
	return resp.StatusCode, string(body)
}

// call has a handler of the proxy respond, such as that of the probes.
func call(h http.Handler, method, target string, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	if host := header.Get("Host"); host != "" {
		r.Host = host
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// websocket opens one through the proxy.
func (l *memoryLab) websocket(address string) (net.Conn, *bufio.Reader) {
	l.t.Helper()
	c, err := l.dial(address)
	require.NoError(l.t, err)
	l.t.Cleanup(func() { c.Close() })
	_, err = io.WriteString(c, "GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(l.t, err)
	r := bufio.NewReader(c)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(l.t, err)
	require.Equal(l.t, http.StatusSwitchingProtocols, resp.StatusCode)
	return c, r
}

// upgrade is an upstream that speaks a protocol of lines after an upgrade, and is otherwise slow: /slow/SECONDS.
func upgrade(w http.ResponseWriter, r *http.Request) {
	if seconds, ok := strings.CutPrefix(r.URL.Path, "/slow/"); ok {
		d, _ := time.ParseDuration(seconds)
		select {
		case <-time.After(d):
			io.WriteString(w, "slow")
		case <-r.Context().Done():
		}
		return
	}
	if r.Header.Get("Upgrade") == "" {
		io.WriteString(w, "hello")
		return
	}
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "websocket")
	w.WriteHeader(http.StatusSwitchingProtocols)
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer c.Close()
	for {
		line, err := rw.ReadString('\n')
		if err != nil {
			return
		}
		io.WriteString(c, line)
	}
}

// Addresses that an admin listener may have.
var (
	unix = &net.UnixAddr{Name: "/run/alf/admin.sock", Net: "unix"}
	tcp  = &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8482}
)
