package proxy_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// lab is an authorization server and API, with a proxy before it.
type lab struct {
	server *sim.Server
	socket string
	http   *http.Client // of the callers
}

// newLab starts both; change edits the configuration before.
func newLab(t *testing.T, options sim.Options, change func(*proxy.Config)) *lab {
	t.Helper()
	options.Generous = true
	l := &lab{server: sim.New(options), socket: filepath.Join(t.TempDir(), "s")}
	l.server.Start()
	t.Cleanup(l.server.Close)
	upstream, err := url.Parse(l.server.APIURL())
	require.NoError(t, err)
	cfg := proxy.Config{
		Listeners: []proxy.Listener{{Address: "unix:" + l.socket}},
		Clients:   []proxy.Client{{Key: "one", Config: l.server.Config()}},
		Routes:    []proxy.Route{{Route: routing.Route{Name: "api", Headers: routing.Headers{Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop}}, Upstream: upstream}},
		DrainTime: 5 * time.Second,
		Log:       slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	l.start(t, cfg)
	return l
}

func (l *lab) start(t *testing.T, cfg proxy.Config) {
	p, err := proxy.New(cfg)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	l.http = l.client(t, false)
}

// client makes one that connects to the proxy's socket, over HTTP/1.1 or HTTP/2.
func (l *lab) client(t *testing.T, http2 bool) *http.Client {
	transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", l.socket)
	}}
	if http2 {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get returns the status and the body.
func (l *lab) get(t *testing.T, path string) (int, string) {
	resp, err := l.http.Get("http://localhost" + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}
