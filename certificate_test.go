package alf_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/certtest"
)

// certifying are an authorization server and an API over mutual TLS: tokens are bound to the certificate they were
// asked for with (RFC 8705 section 3), and those of other certificates are refused.
type certifying struct {
	*httptest.Server
	authority *certtest.Authority

	repeats bool // it returns the first token again and again

	mu    sync.Mutex
	asked int
	bound map[string]string
	seen  []string // statuses of the API
}

func startCertifying(t *testing.T) *certifying {
	c := &certifying{authority: certtest.New(t), bound: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked++
		value := fmt.Sprint("token-", c.asked)
		if c.repeats {
			value = "token-1"
		}
		if c.bound[value] == "" {
			c.bound[value] = certificateOf(r)
		}
		fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, value)
	})
	mux.HandleFunc("/api", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if c.bound[token] == "" || c.bound[token] != certificateOf(r) {
			w.WriteHeader(401)
			c.seen = append(c.seen, "401")
			return
		}
		c.seen = append(c.seen, "200")
		io.WriteString(w, token)
	})
	c.Server = httptest.NewUnstartedServer(mux)
	c.TLS = &tls.Config{Certificates: []tls.Certificate{c.authority.Issue(t, "server")}, ClientAuth: tls.RequestClientCert}
	c.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	c.StartTLS()
	t.Cleanup(c.Close)
	return c
}

func certificateOf(r *http.Request) string {
	if len(r.TLS.PeerCertificates) == 0 {
		return ""
	}
	sum := sha256.Sum256(r.TLS.PeerCertificates[0].Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func (c *certifying) config(certificate alf.CertificateFunc) alf.Config {
	trust := &tls.Config{RootCAs: c.authority.Pool()}
	return alf.Config{
		TokenURL: c.URL + "/token", ClientID: testID, AuthStyle: alf.AuthTLS, Certificate: certificate,
		TokenRequest: alf.TokenRequest{TLS: trust},
		HTTPClient:   &http.Client{Transport: &http.Transport{TLSClientConfig: trust}},
	}
}

func TestC1_TheAPISeesTheCertificateThatTheTokenIsBoundTo(t *testing.T) {
	servers := startCertifying(t)
	certificatePath, keyPath := certtest.Write(t, t.TempDir(), servers.authority.Issue(t, "client"))
	cfg := servers.config(alf.CertificateFiles(certificatePath, keyPath))
	client := newClient(t, cfg)
	for range 2 {
		_, body := get(t, client, servers.URL+"/api")
		require.Equal(t, "token-1", body)
	}
	require.Nil(t, cfg.HTTPClient.Transport.(*http.Transport).TLSClientConfig.GetClientCertificate, "the caller's transport is a copy's template")
}

// Old certificate, old token; new token, new certificate: a rotation is no reason for a 401.
func TestF4_ARotatedCertificateTakesOverWithTheTokenThatIsBoundToIt(t *testing.T) {
	servers := startCertifying(t)
	dir := t.TempDir()
	certificatePath, keyPath := certtest.Write(t, dir, servers.authority.Issue(t, "first"))
	client := newClient(t, servers.config(alf.CertificateFiles(certificatePath, keyPath)))
	get(t, client, servers.URL+"/api")
	certtest.Write(t, dir, servers.authority.Issue(t, "second"))
	_, body := get(t, client, servers.URL+"/api")
	require.Equal(t, "token-1", body, "still with the first")
	_, err := client.Refresh(t.Context())
	require.NoError(t, err)
	_, body = get(t, client, servers.URL+"/api")
	require.Equal(t, "token-2", body)
	require.Equal(t, []string{"200", "200", "200"}, servers.seen)
}

func TestC1_ACertificateAndATransportItCannotBeShownThrough(t *testing.T) {
	cfg := alf.Config{
		TokenURL: "https://idp.example.com/token", ClientID: testID, AuthStyle: alf.AuthTLS,
		Certificate: func() alf.CertificateFunc {
			certificatePath, keyPath := certtest.Write(t, t.TempDir(), certtest.SelfSigned(t, "x"))
			return alf.CertificateFiles(certificatePath, keyPath)
		}(),
		HTTPClient: &http.Client{Transport: script(200)},
	}
	_, err := alf.New(cfg)
	require.ErrorContains(t, err, "HTTPClient.Transport: is no *http.Transport, so that Certificate could not be presented")
	cfg.HTTPClient = nil
	cfg.TokenRequest.Transport = script(200)
	_, err = alf.New(cfg)
	require.ErrorContains(t, err, "TokenRequest.Transport: is no *http.Transport, so that Certificate could not be presented")
	cfg = alf.Config{Manager: &fakeSource{}, Certificate: cfg.Certificate}
	_, err = alf.New(cfg)
	require.ErrorContains(t, err, "Certificate: excluded by Manager")
}

// blockedRand holds up the owner at the nth number it draws, which is while it makes a token known.
func blockedRand() (rnd func() float64, hold func(), arrived chan bool, release chan bool) {
	arrived, release = make(chan bool), make(chan bool)
	var left atomic.Int64
	return func() float64 {
		if left.Add(-1) == 0 {
			arrived <- true
			<-release
		}
		return 0.5
	}, func() { left.Store(2) }, arrived, release // next message: Refresh; the one after it: what was fetched
}

// Between the fetch that brings a token and its publication, the token in use is still the one before.
func TestF4_ATokenInUseKeepsItsCertificateUntilTheNextOneIsPublished(t *testing.T) {
	servers := startCertifying(t)
	dir := t.TempDir()
	certificatePath, keyPath := certtest.Write(t, dir, servers.authority.Issue(t, "first"))
	cfg := servers.config(alf.CertificateFiles(certificatePath, keyPath))
	var hold func()
	var arrived, release chan bool
	cfg.Rand, hold, arrived, release = blockedRand()
	client := newClient(t, cfg)
	get(t, client, servers.URL+"/api")
	certtest.Write(t, dir, servers.authority.Issue(t, "second"))
	hold()
	done := make(chan error)
	go func() { _, err := client.Refresh(context.Background()); done <- err }()
	<-arrived
	// Its body is not available again, so a 401 would not be retried.
	resp, err := client.Post(servers.URL+"/api", "", hide(filler(65<<10)))
	close(release)
	require.NoError(t, err)
	require.Equal(t, "token-1", readAll(t, resp))
	require.NoError(t, <-done)
}

func TestC6_ARedirectElsewhereDoesNotSeeTheCertificate(t *testing.T) {
	servers := startCertifying(t)
	var shown int
	other := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { shown = len(r.TLS.PeerCertificates) }))
	other.TLS = servers.TLS.Clone()
	other.StartTLS()
	defer other.Close()
	servers.Config.Handler.(*http.ServeMux).HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	certificatePath, keyPath := certtest.Write(t, t.TempDir(), servers.authority.Issue(t, "client"))
	client := newClient(t, servers.config(alf.CertificateFiles(certificatePath, keyPath)))
	get(t, client, servers.URL+"/away")
	require.Zero(t, shown)
}

// dialing counts the connections that are open.
type dialing struct{ open atomic.Int64 }

type counted struct {
	net.Conn
	once sync.Once
	of   *dialing
}

func (c *counted) Close() error {
	c.once.Do(func() { c.of.open.Add(-1) })
	return c.Conn.Close()
}

func (d *dialing) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	d.open.Add(1)
	return &counted{Conn: conn, of: d}, nil
}

func (d *dialing) requireOpen(t *testing.T, want int64) {
	t.Helper()
	require.Eventually(t, func() bool { return d.open.Load() == want }, 2*time.Second, 10*time.Millisecond)
}

func TestM14_CloseLeavesNoConnectionThatWasMadeWithACertificate(t *testing.T) {
	servers := startCertifying(t)
	dir := t.TempDir()
	certificatePath, keyPath := certtest.Write(t, dir, servers.authority.Issue(t, "first"))
	cfg := servers.config(alf.CertificateFiles(certificatePath, keyPath))
	var conns dialing
	cfg.HTTPClient.Transport.(*http.Transport).DialContext = conns.dial
	// A transport of the caller's is a template: the connections are the client's own.
	cfg.TokenRequest = alf.TokenRequest{Transport: &http.Transport{TLSClientConfig: cfg.TokenRequest.TLS, DialContext: conns.dial}}
	client := newClient(t, cfg)
	get(t, client, servers.URL+"/api")
	conns.requireOpen(t, 2)
	certtest.Write(t, dir, servers.authority.Issue(t, "second"))
	_, err := client.Refresh(t.Context())
	require.NoError(t, err)
	get(t, client, servers.URL+"/api")
	conns.requireOpen(t, 2) // those with the first certificate have ended
	require.NoError(t, client.Close())
	conns.requireOpen(t, 0)
}

// C6: the target of a redirect is shown nothing, even if http.Client or the caller send credentials along.
func TestC6_ARedirectToElsewhereShowsNoCertificate(t *testing.T) {
	servers := startCertifying(t)
	var shown, asked int
	elsewhere := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked, shown = asked+1, shown+len(r.TLS.PeerCertificates)
	}))
	elsewhere.TLS = &tls.Config{Certificates: []tls.Certificate{servers.authority.Issue(t, "elsewhere")}, ClientAuth: tls.RequestClientCert}
	elsewhere.StartTLS()
	t.Cleanup(elsewhere.Close)
	mux := servers.Config.Handler.(*http.ServeMux)
	host := elsewhere.Listener.Addr().String()
	mux.Handle("/moved", http.RedirectHandler("https://"+host, http.StatusFound))
	mux.Handle("/moved-with-password", http.RedirectHandler("https://x:y@"+host, http.StatusFound))
	client := newClient(t, servers.config(alf.Certificate(servers.authority.Issue(t, "client"))))
	for _, path := range []string{"/moved", "/moved-with-password"} {
		req := mustRequest(t, servers.URL+path)
		req.Header.Set("Authorization", "Basic own")
		resp, err := client.Do(req)
		require.NoError(t, err)
		readAll(t, resp)
	}
	require.Equal(t, []int{2, 0}, []int{asked, shown})
}
