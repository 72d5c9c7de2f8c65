package alf_test

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// tokensAnd is a transport that responds to token requests itself, and to all others with 200.
type tokensAnd struct{ urls []string }

func (b *tokensAnd) RoundTrip(req *http.Request) (*http.Response, error) {
	b.urls = append(b.urls, req.URL.String())
	switch {
	case strings.HasPrefix(req.URL.Path, "/.well-known/"):
		return asJSON(respond(req, 200, `{"issuer":"https://as.example.com","token_endpoint":"https://as.example.com/token"}`)), nil
	case req.URL.Path == "/token":
		return asJSON(respond(req, 200, `{"access_token":"issued","token_type":"Bearer","expires_in":3600}`)), nil
	}
	return respond(req, 200, ""), nil
}

func asJSON(resp *http.Response) *http.Response {
	resp.Header.Set("Content-Type", "application/json")
	return resp
}

func TestC10_AReplacedDefaultTransportCarriesEveryRequest(t *testing.T) {
	standard := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = standard })
	cfg := alf.Config{Issuer: "https://as.example.com", ClientID: "id", ClientSecret: alf.Secret("secret")}
	for name, replaced := range map[string]bool{"before New": true, "after New": false} {
		base := &tokensAnd{}
		var client *alf.Client
		if replaced {
			http.DefaultTransport = base
			client = newClient(t, cfg)
		} else {
			http.DefaultTransport = standard
			client = newClient(t, cfg)
			http.DefaultTransport = base
		}
		get(t, client, apiURL)
		require.Len(t, base.urls, 3, name)
		require.Contains(t, base.urls[0], "/.well-known/")
		require.Equal(t, []string{"https://as.example.com/token", apiURL}, base.urls[1:])
		http.DefaultTransport = standard
	}
}

func TestC10_TransportOfTheAPIsCarriesNoTokenRequestUnlessTokenRequestSaysSo(t *testing.T) {
	base := &tokensAnd{}
	cfg := alf.Config{
		TokenURL: "https://as.example.com/token", ClientID: "id", ClientSecret: alf.Secret("secret"), HTTPClient: &http.Client{Transport: base},
	}
	_, err := alf.New(cfg)
	found := alf.FieldErrors(err)
	require.Len(t, found, 1)
	require.Equal(t, "TokenRequest", found[0].Field)
	require.Contains(t, found[0].Problem, "HTTPClient.Transport")
	require.Contains(t, found[0].Remedy, "TokenRequest.Transport")

	own := &tokensAnd{}
	for name, choice := range map[string]alf.TokenRequest{
		"Transport": {Transport: own}, "HTTPClient": {HTTPClient: &http.Client{Transport: own}}, "TLS": {TLS: &tls.Config{}}, "Proxy": {Proxy: http.ProxyFromEnvironment},
	} {
		cfg.TokenRequest = choice
		client, err := alf.New(cfg)
		require.NoError(t, err, name)
		if name == "Transport" || name == "HTTPClient" {
			get(t, client, apiURL)
			require.Equal(t, []string{"https://as.example.com/token"}, own.urls)
			require.Equal(t, []string{apiURL}, base.urls)
			own.urls, base.urls = nil, nil
		}
		require.NoError(t, client.Close())
	}
	cfg.TokenRequest = alf.TokenRequest{}
	for name, client := range map[string]*http.Client{"nil": nil, "no transport": {}, "an *http.Transport": {Transport: &http.Transport{}}} {
		cfg.HTTPClient = client
		require.NoError(t, cfg.Validate(), name)
	}
}

func TestC10_ACertificateNeedsATransportThatCanPresentIt(t *testing.T) {
	standard := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = standard })
	http.DefaultTransport = &tokensAnd{}
	cfg := alf.Config{TokenURL: "https://as.example.com/token", ClientID: "id", ClientSecret: alf.Secret("secret"), Certificate: alf.CertificateFiles("a", "b")}
	fields := alf.FieldErrors(cfg.Validate())
	require.NotEmpty(t, fields)
	require.Equal(t, "Certificate", fields[len(fields)-1].Field)
	cfg.HTTPClient, cfg.TokenRequest.Transport = &http.Client{Transport: &http.Transport{}}, &http.Transport{}
	require.NoError(t, cfg.Validate())
}
