package alf_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestSeed_S7_HeaderGoesWithTheTokenRequestAlone(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	cfg := auth.config()
	cfg.TokenRequest.Header = http.Header{"X-Tenant": {"blue"}}
	get(t, newClient(t, cfg), api.URL)
	require.Equal(t, "blue", auth.requests[0].Header.Get("X-Tenant"))
	require.Empty(t, api.requests()[0].header.Get("X-Tenant"))
}

func TestSeed_S7_TimeoutIsForTheTokenRequestAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := roundTripper(func(req *http.Request) (*http.Response, error) {
			time.Sleep(time.Minute)
			return respond(req, 200, ""), nil
		})
		tokens := roundTripper(hanging)
		cfg := alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret),
			TokenRequest: alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) { return tokens(req) }), Timeout: time.Second},
			HTTPClient:   &http.Client{Transport: slow},
			Policy:       alf.Policy{Attempts: 1},
		}
		client := newClient(t, cfg)
		start := time.Now()
		_, err := client.Get(apiURL)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Second, time.Since(start))

		tokens = func(req *http.Request) (*http.Response, error) { return tokenResponse(req), nil }
		_, err = client.Refresh(context.Background())
		require.NoError(t, err)
		start = time.Now()
		get(t, client, apiURL)
		require.Equal(t, time.Minute, time.Since(start))
	})
}

func TestSeed_S7_ProxyIsForTheTokenRequestAlone(t *testing.T) {
	auth := startAuth(t)
	api := startAPI(t, auth, nil)
	var proxied []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proxied = append(proxied, r.URL.String())
		auth.ServeHTTP(w, r)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	client := newClient(t, alf.Config{
		TokenURL: "http://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret), AllowHTTP: []string{"as.example.com"},
		TokenRequest: alf.TokenRequest{Proxy: http.ProxyURL(address)},
	})
	resp, _ := get(t, client, api.URL)
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, []string{"http://as.example.com/token"}, proxied)
}

func TestSeed_S7_TLSIsForTheTokenRequestAlone(t *testing.T) {
	auth := startAuth(t)
	secure := httptest.NewUnstartedServer(auth)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it will complain about being distrusted
	secure.StartTLS()
	t.Cleanup(secure.Close)
	api := startAPI(t, auth, nil)
	cfg := auth.config()
	cfg.TokenURL = secure.URL
	cfg.Policy.Attempts = 1
	_, err := newClient(t, cfg).Get(api.URL)
	var certificate *tls.CertificateVerificationError
	require.ErrorAs(t, err, &certificate, "without the setting, it is not trusted")

	pool := x509.NewCertPool()
	pool.AddCert(secure.Certificate())
	cfg.TokenRequest.TLS = &tls.Config{RootCAs: pool}
	client := newClient(t, cfg)
	resp, _ := get(t, client, api.URL)
	require.Equal(t, 200, resp.StatusCode)
	_, err = client.Get(secure.URL)
	require.ErrorAs(t, err, &certificate, "API requests do not have it")
}

func TestSeed_S7_HTTPClientAndTransportAreForTheTokenRequestAlone(t *testing.T) {
	for name, settings := range map[string]func(http.RoundTripper) alf.TokenRequest{
		"HTTPClient": func(base http.RoundTripper) alf.TokenRequest {
			return alf.TokenRequest{HTTPClient: &http.Client{Transport: base}}
		},
		"Transport": func(base http.RoundTripper) alf.TokenRequest { return alf.TokenRequest{Transport: base} },
	} {
		tokens := 0
		api := script(200)
		client := newClient(t, alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret), Scopes: []string{"a", "b"},
			TokenRequest: settings(roundTripper(func(req *http.Request) (*http.Response, error) {
				tokens++
				return tokenResponse(req), nil
			})),
			HTTPClient: &http.Client{Transport: api},
		})
		get(t, client, apiURL)
		require.Equal(t, 1, tokens, name)
		require.Equal(t, []string{"Bearer in-memory"}, api.authorizations())
	}
}

func TestSeed_S1_EverySettingOfTheTokenRequestIsSent(t *testing.T) {
	auth := startAuth(t)
	cfg := auth.config()
	cfg.Scopes = []string{"read", "write"}
	cfg.Audience = []string{"one", "two"}
	cfg.Params = url.Values{"tenant": {"urn:x"}}
	cfg.AuthStyle = alf.AuthPost
	_, err := newClient(t, cfg).Token(context.Background())
	require.NoError(t, err)
	require.Equal(t, url.Values{
		"grant_type": {"client_credentials"}, "client_id": {testID}, "client_secret": {testSecret},
		"scope": {"read write"}, "audience": {"one", "two"}, "tenant": {"urn:x"},
	}, auth.requests[0].PostForm)
	require.Empty(t, auth.requests[0].Header.Get("Authorization"))

	for style, password := range map[alf.AuthStyle]string{alf.AuthBasic: "S%2Fx", alf.AuthBasicRaw: "S/x"} {
		cfg := auth.config()
		cfg.AuthStyle, cfg.ClientSecret = style, alf.Secret("S/x")
		_, err := newClient(t, cfg).Token(context.Background())
		require.NoError(t, err)
		user, got, ok := auth.requests[auth.count()-1].BasicAuth()
		require.True(t, ok)
		require.Equal(t, []string{testID, password}, []string{user, got})
	}
}
