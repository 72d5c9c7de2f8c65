package alf_test

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/certtest"
)

// certifying are an authorization server and an API over mutual TLS: tokens are bound to the certificate they were asked for
// with (RFC 8705 section 3), and those of other certificates are refused.
type certifying struct {
	*httptest.Server
	authority *certtest.Authority

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
		c.bound[value] = certificateOf(r)
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
	require.ErrorContains(t, err, "HTTPClient.Transport: is no *http.Transport, so that Certificate could not be shown to the API")
	cfg.HTTPClient = nil
	cfg.TokenRequest.Transport = script(200)
	_, err = alf.New(cfg)
	require.ErrorContains(t, err, "TokenRequest.Transport: is no *http.Transport, so that Certificate could not be shown")
	cfg = alf.Config{Manager: &fakeSource{}, Certificate: cfg.Certificate}
	_, err = alf.New(cfg)
	require.ErrorContains(t, err, "Certificate: excluded by Manager")
}
