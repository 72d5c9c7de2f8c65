package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// mutualLab is a lab whose tokens are bound to the client's certificate (RFC 8705 section 3). Its upstream accepts
// no connection without a certificate, and no token on a connection with another one.
type mutualLab struct {
	*lab
	dir string // of the certificate's files

	mu   sync.Mutex
	open map[net.Conn]bool // connections to the upstream
}

func newMutualLab(t *testing.T, upstream protocol, otherTokens int) *mutualLab {
	t.Helper()
	c := &mutualLab{lab: new(lab), dir: t.TempDir(), open: make(map[net.Conn]bool)}
	c.server = sim.New(sim.Options{Generous: true, TLS: true, API: http.HandlerFunc(presented)})
	c.server.Start()
	t.Cleanup(c.server.Close)
	c.replace(t)
	files := alf.CertificateFiles(filepath.Join(c.dir, "client.pem"), filepath.Join(c.dir, "client.key"))
	client, err := c.server.Configure(alf.Config{ClientID: "me", AuthStyle: alf.AuthTLS, Certificate: files})
	require.NoError(t, err)
	require.NoError(t, c.server.Register(sim.Registration{ClientID: "me", AuthStyle: alf.AuthTLS, Authorities: c.server.ClientCAs(), SubjectDN: "CN=me"}))
	address, trust := c.serve(t, upstream)
	client.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	c.socket = filepath.Join(t.TempDir(), "s")
	c.config = proxy.Config{
		Listeners: []proxy.Listener{{Address: "unix:" + c.socket}},
		Clients:   []proxy.Client{{Key: "one", Config: client}},
		DrainTime: 5 * time.Second,
		Log:       slog.New(slog.DiscardHandler),
	}
	route := func(path string, change func(*proxy.Route)) {
		r := proxy.Route{Route: routing.Route{Name: path, Path: path, Headers: usual}, Upstream: address}
		change(&r)
		c.config.Routes = append(c.config.Routes, r)
	}
	route("/", func(*proxy.Route) {})
	route("/limited", func(r *proxy.Route) { r.ResponseTime = noLimit })
	route("/pass", func(r *proxy.Route) { r.Headers.Authorization = routing.Pass })
	for i := range otherTokens {
		route(fmt.Sprint("/other/", i), func(r *proxy.Route) { r.Target.Audience = []string{fmt.Sprint(i)} })
	}
	return c
}

// serve starts the upstream.
func (c *mutualLab) serve(t *testing.T, p protocol) (*url.URL, *tls.Config) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
			presented(w, r) // a caller's own credentials, which this server accepts
			return
		}
		c.server.ServeHTTP(w, r)
	}))
	s.EnableHTTP2 = p == http2
	s.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	s.Config.ErrorLog = log.New(t.Output(), "", 0)
	s.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.open[conn] = true; state == http.StateClosed {
			delete(c.open, conn)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	address, err := url.Parse(s.URL)
	require.NoError(t, err)
	trust := x509.NewCertPool()
	trust.AddCert(s.Certificate())
	return address, &tls.Config{RootCAs: trust}
}

// presented reports what a request that is accepted was sent with. It is chat as well.
func presented(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Presented", fmt.Sprint(r.TLS.PeerCertificates[0].SerialNumber))
	w.Header().Set("Token", strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if r.Header.Get("Upgrade") != "" {
		chat(w, r)
		return
	}
	fmt.Fprint(w, r.Proto)
}

// replace replaces the client's certificate by another one of the registered subject. It returns its serial number.
func (c *mutualLab) replace(t *testing.T) (serial string) {
	made := c.server.ClientCertificate("me")
	certtest.Write(t, c.dir, made)
	leaf, err := x509.ParseCertificate(made.Certificate[0])
	require.NoError(t, err)
	return fmt.Sprint(leaf.SerialNumber)
}

// accepted sends a request, which has to be accepted, and returns the serial number of the certificate that was
// presented.
func (c *mutualLab) accepted(t *testing.T, path string) string {
	t.Helper()
	resp := c.get(t, path)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", path, resp.body)
	return resp.Header.Get("Presented")
}

func overTLS(t *testing.T, otherTokens int, test func(t *testing.T, c *mutualLab)) {
	for _, upstream := range []protocol{http1s, http2} {
		t.Run(string(upstream), func(t *testing.T) {
			c := newMutualLab(t, upstream, otherTokens)
			serial := c.replace(t)
			c.start(t)
			require.Equal(t, serial, c.accepted(t, "/"))
			require.Equal(t, map[protocol]string{http1s: "HTTP/1.1", http2: "HTTP/2.0"}[upstream], c.get(t, "/").body)
			test(t, c)
		})
	}
}

func TestC1_TheUpstreamSeesTheCertificateThatTheTokenIsBoundTo(t *testing.T) {
	overTLS(t, 0, func(t *testing.T, c *mutualLab) {
		serial := c.replace(t)
		c.accepted(t, "/limited")
		require.Equal(t, 1, c.server.Stats().TokenRequests)
		c.server.Revoke()
		require.Equal(t, serial, c.accepted(t, "/"), "the retry has the certificate of its own token")
		require.Equal(t, serial, c.accepted(t, "/limited"))
		require.Equal(t, 2, c.server.Stats().TokenRequests)
		c.server.Revoke()
		require.Equal(t, serial, c.accepted(t, "/limited"))
		require.Equal(t, 3, c.server.Stats().TokenRequests)
		require.Equal(t, 2, c.server.Stats().Unauthorized, "of the tokens that were revoked")
	})
}

func TestC1_AWebsocketIsOpenedWithTheCertificate(t *testing.T) {
	overTLS(t, 0, func(t *testing.T, c *mutualLab) {
		serial := c.replace(t)
		c.server.Revoke() // the handshake is sent again
		conn := c.dial(t)
		fmt.Fprint(conn, handshake)
		r := bufio.NewReader(conn)
		resp, err := http.ReadResponse(r, &http.Request{Method: "GET"})
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
		fmt.Fprint(conn, "hello\n")
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		require.Equal(t, "hello\n", line)
		require.Equal(t, serial, c.accepted(t, "/"))
		require.Equal(t, 2, c.server.Stats().TokenRequests)
	})
}

// Old certificate, old token; new token, new certificate: of one token, and of all others of the client.
func TestF4_ARotatedCertificateTakesOverWithEachToken(t *testing.T) {
	const otherTokens = 12 // more than a fetcher remembers the certificates of
	overTLS(t, otherTokens, func(t *testing.T, c *mutualLab) {
		first := c.accepted(t, "/")
		for i := range otherTokens {
			require.Equal(t, first, c.accepted(t, fmt.Sprint("/other/", i)))
		}
		second := c.replace(t)
		require.Equal(t, first, c.accepted(t, "/"), "the token is still the first")
		require.True(t, c.server.RevokeToken(c.get(t, "/").Header.Get("Token")))
		require.Equal(t, second, c.accepted(t, "/"))
		for i := range otherTokens {
			require.Equal(t, first, c.accepted(t, fmt.Sprint("/other/", i)), i)
		}
		require.Equal(t, 1, c.server.Stats().Unauthorized, "a rotation is no reason for a 401")
		require.Equal(t, otherTokens+2, c.server.Stats().TokenRequests)
	})
}

// Where callers may bring their own Authorization, connections are the client's all the same: the upstream accepts none
// without a certificate. There may be no token that says which one.
func TestX2_ACallersOwnAuthorizationGoesOverAConnectionOfTheClient(t *testing.T) {
	for _, upstream := range []protocol{http1s, http2} {
		t.Run(string(upstream), func(t *testing.T) {
			c := newMutualLab(t, upstream, 0)
			c.config.Routes = c.config.Routes[2:3]
			serial := c.replace(t)
			c.start(t)
			own := func() string {
				req := request(t, "GET", "/pass", nil)
				req.Header.Set("Authorization", "Basic Zm9vOmJhcg==")
				resp := do(t, c.http, req)
				require.Equal(t, http.StatusOK, resp.StatusCode, resp.body)
				return resp.Header.Get("Presented")
			}
			require.Equal(t, serial, own())
			require.Zero(t, c.server.Stats().TokenRequests)
			require.Equal(t, serial, c.accepted(t, "/pass"))
			second := c.replace(t)
			require.Equal(t, second, own(), "its own is bound to none of them, so that it is the present one")
			require.Equal(t, serial, c.accepted(t, "/pass"))
			require.Equal(t, second, own())
			require.Equal(t, 1, c.server.Stats().TokenRequests)
			require.Zero(t, c.server.Stats().Unauthorized)
		})
	}
}

// A client whose settings change at a reload leaves no connection behind.
func TestX3_ConnectionsWithACertificateEndWithTheirClient(t *testing.T) {
	overTLS(t, 0, func(t *testing.T, c *mutualLab) {
		c.accepted(t, "/limited")
		c.replace(t)
		c.server.Revoke()
		c.accepted(t, "/")
		c.accepted(t, "/pass")
		cfg := c.config
		cfg.Clients = []proxy.Client{{Key: "two", Config: cfg.Clients[0].Config}}
		require.NoError(t, c.proxy.Reload(cfg))
		require.Eventually(t, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.open) == 0
		}, noLimit, time.Millisecond)
		c.accepted(t, "/")
		require.Equal(t, 3, c.server.Stats().TokenRequests)
	})
}
