package fetcher_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/keys"
)

// document is metadata with some members changed; a nil one is removed.
func document(changes map[string]any) string {
	all := map[string]any{
		"issuer": issuer, "token_endpoint": "https://login.example.com/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "private_key_jwt", "tls_client_auth"},
		"response_types_supported":              []string{"code"},
	}
	for name, value := range changes {
		if all[name] = value; value == nil {
			delete(all, name)
		}
	}
	text, _ := json.Marshal(all)
	return string(text)
}

func TestF1_HostileMetadata(t *testing.T) {
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	for name, c := range map[string]struct {
		metadata, want string
		permanent      bool
	}{
		"another issuer":   {document(map[string]any{"issuer": "https://evil.example.com"}), `it is that of another issuer, "https://evil.example.com"`, true},
		"a slash too many": {document(map[string]any{"issuer": issuer + "/"}), `set Issuer to "` + issuer + `/": they must be equal to the last character`, true},
		"an endless one":   {document(map[string]any{"issuer": strings.Repeat("\x1b", 100_000)}), "it is that of another issuer", true},
		"no issuer":        {document(map[string]any{"issuer": nil}), "there is no issuer in it", true},
		"issuer a number":  {document(map[string]any{"issuer": 7}), "there is no issuer in it", true},
		"plain http":       {document(map[string]any{"token_endpoint": "http://login.example.com/token"}), `list "login.example.com" in AllowHTTP`, true},
		"no endpoint":      {document(map[string]any{"token_endpoint": nil}), "there is no token_endpoint in it", true},
		"a relative one":   {document(map[string]any{"token_endpoint": "/token"}), "not an address of a token endpoint", true},
		"a password in it": {document(map[string]any{"token_endpoint": "https://u:hidden@h/"}), "not an address of a token endpoint", true},
		"file":             {document(map[string]any{"token_endpoint": "file:///etc/passwd"}), "not an address of a token endpoint", true},
		"another method":   {document(map[string]any{"token_endpoint_auth_methods_supported": []string{"tls_client_auth"}}), "the server does not take client_secret_basic, but tls_client_auth", true},
		"no method":        {document(map[string]any{"token_endpoint_auth_methods_supported": []string{}}), "the server does not take client_secret_basic, but none", true},
		"methods a string": {document(map[string]any{"token_endpoint_auth_methods_supported": "client_secret_basic"}), "is not a list of strings", true},
		"2 MiB":            {document(map[string]any{"x": strings.Repeat("x", 2<<20)}), "response too large: more than 1 MiB", false},
		"deeply nested":    {`{"issuer":"` + issuer + `","x":` + deep + `}`, "metadata: malformed response: it is not valid JSON", false},
		"two issuers":      {strings.Replace(document(nil), "{", `{"issuer":"https://evil.example.com",`, 1), `"issuer" is there twice`, false},
		"two documents":    {document(nil) + document(nil), "something follows the JSON object", false},
		"a list":           {"[" + document(nil) + "]", "it is not a JSON object", false},
		"empty":            {"", "it is empty", false},
		"truncated":        {document(nil)[:50], "it is truncated", false},
	} {
		s := issuingAt(oauthPath, c.metadata)
		e := mustFail(t, discovering(s))
		require.ErrorContains(t, e, c.want, name)
		require.Equal(t, c.permanent, e.Permanent(), name)
		require.Equal(t, c.want != "response too large: more than 1 MiB", errors.Is(e, fetcher.ErrMetadata), name)
		require.NotContains(t, strings.Join(s.asked, " "), "POST", name)
		require.NotContains(t, everything(t, e), "hidden", name)
		requirePresentable(t, e)
		require.Less(t, len(e.Error()), 4<<10, name)
	}
}

func TestF1_ATokenEndpointThatNoProofFits(t *testing.T) {
	cfg := discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint": "https://bücher.example/"})))
	cfg.DPoP = new(dpop.Prover)
	e := mustFail(t, cfg)
	require.ErrorContains(t, e, `the host of its token_endpoint is not in ASCII, so that no DPoP proof fits it; have the server name it in Punycode ("xn--...")`)
	require.True(t, e.Permanent())
}

func TestF1_MethodsAndAlgorithmsAreHeldAgainstTheMetadata(t *testing.T) {
	lists := map[string]any{
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256"},
		"dpop_signing_alg_values_supported":                []string{"ES512"},
	}
	cfg, _ := signing(t, issuingAt(oauthPath, document(lists)))
	cfg.TokenURL, cfg.Issuer, cfg.Assertion.Algorithm = "", issuer, "ES256"
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no assertion signed with ES256, but with RS256; choose an Assertion.Algorithm, or a key, that the server has")
	cfg = discovering(issuingAt(oauthPath, document(lists)))
	cfg.DPoP = &dpop.Prover{Algorithm: "ES256"}
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no DPoP proof signed with ES256, but with ES512; choose a DPoP.Algorithm, or a DPoP.Key, that the server has")
	// A list that is not there says nothing.
	mustFetch(t, discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint_auth_methods_supported": nil}))))
}

func TestF1_TheAudienceOfAnAssertion(t *testing.T) {
	for audience, want := range map[string]string{
		"": "https://login.example.com/token", fetcher.AudienceIssuer: issuer, fetcher.AudienceTokenEndpoint: "https://login.example.com/token", "urn:x": "urn:x",
	} {
		var got any
		s := issuingAt(oauthPath, document(nil))
		cfg, key := signing(t, nil)
		cfg.TokenURL, cfg.Issuer, cfg.Assertion.Audience = "", issuer, audience
		cfg.TokenRequest.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				form, err := readForm(r)
				require.NoError(t, err)
				_, payload := claims(t, form.Get("client_assertion"), publicOf(t, key))
				got = payload["aud"]
			}
			return s.RoundTrip(r)
		})
		mustFetch(t, cfg)
		require.Equal(t, want, got)
	}
}

// RFC 8705 section 5: the endpoint that asks for certificates may be another one.
func TestF1_TheAliasForMutualTLS(t *testing.T) {
	authority := certtest.New(t)
	var server *recorder
	server = serveMutualTLS(t, authority, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.well-known/") {
			fmt.Fprintf(w, `{"issuer":%q,"token_endpoint":%q,"mtls_endpoint_aliases":{"token_endpoint":%q}}`,
				server.URL, server.URL+"/plain", server.URL+"/mutual")
			return
		}
		respond(200, good)(w, r)
	})
	for path, certificate := range map[string]fetcher.CertificateFunc{
		"/mutual": fetcher.Certificate(authority.Issue(t, "client")), "/plain": nil,
	} {
		cfg := mutualTLS(authority, server, fetcher.Basic)
		cfg.TokenURL, cfg.Issuer, cfg.ClientSecret, cfg.Certificate = "", server.URL, fetcher.Secret(secret), certificate
		f := newFetcher(t, cfg)
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		require.Equal(t, path, server.requests[len(server.requests)-1].URL.Path)
		found, err := f.Metadata(context.Background())
		require.NoError(t, err)
		require.Equal(t, server.URL+path, found.TokenEndpoint)
	}
}

func TestF1_MetadataSayWhatTheServerSupports(t *testing.T) {
	s := issuingAt(oauthPath, document(map[string]any{"scopes_supported": []string{"a"}, "jwks_uri": "https://h/jwks"}))
	f := newFetcher(t, discovering(s))
	found, err := f.Metadata(context.Background())
	require.NoError(t, err)
	require.Equal(t, &fetcher.Metadata{
		Issuer: issuer, TokenEndpoint: "https://login.example.com/token", Scopes: []string{"a"}, JWKS: "https://h/jwks",
		AuthMethods: []string{"client_secret_basic", "private_key_jwt", "tls_client_auth"},
	}, found)
	_, err = newFetcher(t, config(s)).Metadata(context.Background())
	require.ErrorContains(t, err, "there is no Issuer whose metadata could be read: TokenURL is set")
	s.down = true
	_, err = f.Metadata(context.Background())
	require.ErrorIs(t, err, http.ErrServerClosed)
}

// FuzzF1_Metadata has an issuer say anything: it is understood as it should be, or is a clear error.
func FuzzF1_Metadata(f *testing.F) {
	f.Add(document(nil))
	f.Add(document(map[string]any{"mtls_endpoint_aliases": map[string]any{"token_endpoint": "http://h"}}))
	f.Add(document(map[string]any{"token_endpoint_auth_methods_supported": []any{nil, 1}}))
	f.Add(`{"issuer":"` + issuer + `","token_endpoint":"https://h?#"}`)
	f.Add(`{"issuer":null,"token_endpoint":null}`)
	f.Fuzz(func(t *testing.T, metadata string) {
		s := issuingAt(oauthPath, metadata)
		fetch := newFetcher(t, discovering(s))
		found, err := fetch.Metadata(context.Background())
		if err != nil {
			requirePresentable(t, requireError(t, nil, err))
			return
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal([]byte(metadata), &plain))
		require.Equal(t, issuer, found.Issuer)
		require.Equal(t, plain["token_endpoint"], found.TokenEndpoint)
		require.True(t, strings.HasPrefix(strings.ToLower(found.TokenEndpoint), "http"), found.TokenEndpoint)
	})
}

func TestF1_TokenEndpointsThatCannotBeOnes(t *testing.T) {
	for _, address := range []string{"ftp://h/token", "//h/token", "https:///token", "https://u:p@h/token", "https://h/token#f", "http://h.example/token"} {
		e := mustFail(t, discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint": address}))))
		require.ErrorContains(t, e, "its token_endpoint", address)
		require.True(t, e.Permanent())
	}
}

func TestF1_WhatAnIssuerSaysIsBoundedInErrors(t *testing.T) {
	s := issuingAt(oauthPath, document(map[string]any{"token_endpoint": "https://a\u202eb.example.com/" + strings.Repeat("x", 300<<10)}))
	e := mustFail(t, discovering(s))
	require.Less(t, len(e.Error()), 8<<10)
	require.NotContains(t, e.Error(), "\u202e")
}

func TestF1_AListThatIsNoneIsNotNoMetadata(t *testing.T) {
	s := issuingAt(oauthPath, document(map[string]any{"token_endpoint_auth_methods_supported": "client_secret_basic"}))
	e := mustFail(t, discovering(s))
	require.NotContains(t, e.Hint, "there are no metadata")
}

func TestF1_HintsWithAnIssuer(t *testing.T) {
	s := issuingAt(oauthPath, document(nil))
	delete(s.responses, "/token")
	e := mustFail(t, discovering(s))
	require.NotContains(t, e.Hint, "TokenURL the token endpoint")
}

func TestM19_AHintAboutUntrustedTextIsCleaned(t *testing.T) {
	cfg := discovering(issuingAt(oauthPath, document(map[string]any{"token_endpoint": "http://s3same.example/"})))
	cfg.ClientSecret = fetcher.Secret("s3same")
	require.NotContains(t, everything(t, mustFail(t, cfg)), "s3same")
}

// What the key itself would sign with is held against the lists as well.
func TestF1_AKeySignsWithWhatTheServerTakes(t *testing.T) {
	lists := map[string]any{"token_endpoint_auth_signing_alg_values_supported": []string{"none", "PS256", "RS512"}}
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	key, err := keys.New(private, "", "")
	require.NoError(t, err)
	var used string
	s := issuingAt(oauthPath, document(lists))
	cfg, ec := signing(t, roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method == http.MethodPost {
			form, err := readForm(r)
			require.NoError(t, err)
			parsed, err := jose.ParseSignedCompact(form.Get("client_assertion"), []jose.SignatureAlgorithm{"PS256", "RS512", "RS256"})
			require.NoError(t, err)
			used = parsed.Signatures[0].Protected.Algorithm
		}
		return s.RoundTrip(r)
	}))
	cfg.TokenURL, cfg.Issuer, cfg.Assertion.Key = "", issuer, keys.Of(key)
	mustFetch(t, cfg)
	require.Equal(t, "PS256", used)
	cfg.Assertion.Key = keys.Of(ec)
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no assertion signed with ES256, but with none, PS256, RS512")
	cfg.Assertion.Key, cfg.AuthStyle, cfg.ClientSecret = nil, fetcher.SecretJWT, fetcher.Secret(longSecret)
	s.responses[oauthPath] = reply(200, document(map[string]any{
		"token_endpoint_auth_methods_supported": nil, "token_endpoint_auth_signing_alg_values_supported": []string{"HS512"},
	}))
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no assertion signed with HS256, but with HS512")
	cfg = discovering(issuingAt(oauthPath, document(map[string]any{"dpop_signing_alg_values_supported": []string{"EdDSA"}})))
	cfg.DPoP = new(dpop.Prover)
	require.ErrorContains(t, mustFail(t, cfg), "the server takes no DPoP proof signed with ES256, but with EdDSA")
}
