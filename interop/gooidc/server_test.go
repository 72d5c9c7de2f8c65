package gooidc

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/stretchr/testify/require"
)

func start(t *testing.T) *Server {
	t.Helper()
	s, err := New()
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), false))
	t.Cleanup(s.Stop)
	return s
}

func (s *Server) account(id string) *account {
	for _, a := range s.accounts {
		if a.id == id {
			return a
		}
	}
	panic("bug: no account " + id)
}

// response is what the token endpoint responds with.
type response struct {
	Status      int
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, header map[jose.HeaderKey]any, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, &jose.SignerOptions{ExtraHeaders: header})
	require.NoError(t, err)
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	require.NoError(t, err)
	return signed
}

// proof is a DPoP proof by key.
func proof(t *testing.T, key *ecdsa.PrivateKey, method, uri, token string) string {
	claims := map[string]any{"htm": method, "htu": uri, "iat": time.Now().Unix(), "jti": rand.Text()}
	if token != "" {
		claims["ath"] = digest([]byte(token))
	}
	return sign(t, jose.ES256, key, map[jose.HeaderKey]any{
		"typ": "dpop+jwt",
		"jwk": jose.JSONWebKey{Key: key.Public()},
	}, claims)
}

// client speaks to both addresses.
func (s *Server) client(certificate *tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: s.authority.Pool()}
	if certificate != nil {
		config.Certificates = []tls.Certificate{*certificate}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
}

// ask sends a token request as a client with these credentials; key signs a DPoP proof.
func (s *Server) ask(t *testing.T, a *account, c *credentials, key *ecdsa.PrivateKey, form url.Values) response {
	t.Helper()
	form.Set("grant_type", "client_credentials")
	form.Set("scope", scope)
	at := s.open.URL()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	switch a.method {
	case goidc.AuthnMethodSecretBasic:
		r := http.Request{Header: header}
		r.SetBasicAuth(a.id, c.secret)
	case goidc.AuthnMethodSecretPost:
		form.Set("client_id", a.id)
		form.Set("client_secret", c.secret)
	case goidc.AuthnMethodPrivateKeyJWT, goidc.AuthnMethodSecretJWT:
		alg, with := a.alg, any(jose.JSONWebKey{Key: c.key, KeyID: c.kid})
		if c.key == nil {
			alg, with = jose.HS256, []byte(c.secret)
		}
		form.Set("client_assertion_type", string(goidc.AssertionTypeJWTBearer))
		form.Set("client_assertion", sign(t, alg, with, nil, jwt.Claims{
			Issuer: a.id, Subject: a.id, Audience: jwt.Audience{s.open.URL()}, ID: rand.Text(),
			Expiry: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		}))
	default:
		form.Set("client_id", a.id)
		at = s.secure.URL()
	}
	if key != nil {
		header.Set("DPoP", proof(t, key, http.MethodPost, at+tokenPath, ""))
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+tokenPath, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header = header
	resp, err := s.client(c.certificate).Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	got := response{Status: resp.StatusCode}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
	return got
}

// api shows a token to the API, as its type demands it.
func (s *Server) api(t *testing.T, c *http.Client, uri, authorization, proof string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, uri, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", authorization)
	if proof != "" {
		r.Header.Set("DPoP", proof)
	}
	resp, err := c.Do(r)
	require.NoError(t, err)
	resp.Body.Close()
	return resp
}

func TestEveryClientGetsATokenThatCanBeRevoked(t *testing.T) {
	s := start(t)
	for i, a := range s.accounts {
		t.Run(a.id, func(t *testing.T) {
			c := a.credentials()
			kind, uri, with := "Bearer", s.open.URL()+"/api", func(string) string { return "" }
			var key *ecdsa.PrivateKey
			if a.dpop {
				signer, err := newKey(jose.ES256)
				require.NoError(t, err)
				key = signer.(*ecdsa.PrivateKey)
				kind, uri = "DPoP", s.open.URL()+"/dpop/api"
				with = func(token string) string { return proof(t, key, http.MethodGet, uri, token) }
			}
			if c.certificate != nil {
				uri = s.secure.URL() + "/api"
			}
			got := s.ask(t, a, c, key, url.Values{})
			require.Equal(t, http.StatusOK, got.Status, "%+v", got)
			require.Equal(t, kind, got.TokenType)
			require.Equal(t, int(lifetime.Seconds()), got.ExpiresIn)
			require.Equal(t, i+1, s.TokenRequests())
			good := func() int {
				return s.api(t, s.client(c.certificate), uri, kind+" "+got.AccessToken, with(got.AccessToken)).StatusCode
			}
			require.Equal(t, http.StatusOK, good())

			require.NoError(t, s.Revoke(t.Context()))
			require.Equal(t, http.StatusUnauthorized, good())
		})
	}
}

func TestCredentialsOfAnotherClientAreRefused(t *testing.T) {
	s := start(t)
	for _, a := range s.accounts {
		t.Run(a.id, func(t *testing.T) {
			other, err := s.fresh(a)
			require.NoError(t, err)
			got := s.ask(t, a, other, nil, url.Values{})
			require.Equal(t, http.StatusUnauthorized, got.Status)
			require.Equal(t, "invalid_client", got.Error)
			require.Equal(t, "invalid client", got.Description, "it never says why")
		})
	}
}

func TestATokenIsBoundToItsCertificate(t *testing.T) {
	s := start(t)
	for _, id := range []string{"tls", "self-signed-tls"} {
		a := s.account(id)
		authorization := "Bearer " + s.ask(t, a, a.credentials(), nil, url.Values{}).AccessToken
		other, err := s.fresh(a)
		require.NoError(t, err)
		for _, certificate := range []*tls.Certificate{nil, other.certificate} {
			refused := s.api(t, s.client(certificate), s.secure.URL()+"/api", authorization, "")
			require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
			require.Contains(t, refused.Header.Get("WWW-Authenticate"), "another certificate")
		}
	}
}

func TestATokenIsBoundToItsKey(t *testing.T) {
	s := start(t)
	a := s.account("basic-dpop")
	signer, err := newKey(jose.ES256)
	require.NoError(t, err)
	key := signer.(*ecdsa.PrivateKey)
	signer, err = newKey(jose.ES256)
	require.NoError(t, err)
	other := signer.(*ecdsa.PrivateKey)
	token := s.ask(t, a, a.credentials(), key, url.Values{}).AccessToken
	uri := s.open.URL() + "/dpop/api"
	used := proof(t, key, http.MethodGet, uri, token)
	require.Equal(t, http.StatusOK, s.api(t, s.client(nil), uri, "DPoP "+token, used).StatusCode)
	for why, wrong := range map[string]string{
		"one proof":       "",
		"used before":     used,
		"proof: of a key": proof(t, other, http.MethodGet, uri, token),
		"proof: htm":      proof(t, key, http.MethodPost, uri, token),
		"proof: htu":      proof(t, key, http.MethodGet, uri+"?a=b", token),
		"proof: ath":      proof(t, key, http.MethodGet, uri, token+"x"),
	} {
		refused := s.api(t, s.client(nil), uri, "DPoP "+token, wrong)
		require.Equal(t, http.StatusUnauthorized, refused.StatusCode, why)
		require.Contains(t, refused.Header.Get("WWW-Authenticate"), why)
	}
	bearer := s.api(t, s.client(nil), s.open.URL()+"/api", "Bearer "+token, "")
	require.Equal(t, http.StatusUnauthorized, bearer.StatusCode)
}

func TestResourcesEndUpAsAudience(t *testing.T) {
	s := start(t)
	a := s.account("post")
	got := s.ask(t, a, a.credentials(), nil, url.Values{"resource": resources})
	info, _, err := s.running.Load().Introspect(t.Context(), got.AccessToken)
	require.NoError(t, err)
	require.Equal(t, resources, info.ResourceAudiences)
	elsewhere := s.ask(t, a, a.credentials(), nil, url.Values{"resource": resources[1:]})
	require.Equal(t, http.StatusUnauthorized,
		s.api(t, s.client(nil), s.open.URL()+"/api", "Bearer "+elsewhere.AccessToken, "").StatusCode)
	require.Equal(t, "invalid_target",
		s.ask(t, a, a.credentials(), nil, url.Values{"resource": {"https://unknown.example.com"}}).Error)
}

func TestNewKeysAreTheEndOfOldTokens(t *testing.T) {
	s := start(t)
	a := s.account("post")
	uri := s.open.URL() + "/api"
	for newKeys, status := range map[bool]int{false: http.StatusOK, true: http.StatusUnauthorized} {
		authorization := "Bearer " + s.ask(t, a, a.credentials(), nil, url.Values{}).AccessToken
		s.Stop()
		_, err := s.client(nil).Get(uri)
		require.ErrorContains(t, err, "refused")
		require.NoError(t, s.Start(t.Context(), newKeys))
		require.Equal(t, status, s.api(t, s.client(nil), uri, authorization, "").StatusCode)
	}
}

func TestDiscovery(t *testing.T) {
	s := start(t)
	resp, err := s.client(nil).Get(s.open.URL() + "/.well-known/openid-configuration")
	require.NoError(t, err)
	defer resp.Body.Close()
	var metadata struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
		Aliases       struct {
			TokenEndpoint string `json:"token_endpoint"`
		} `json:"mtls_endpoint_aliases"`
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&metadata))
	require.Equal(t, s.open.URL(), metadata.Issuer)
	require.Equal(t, s.open.URL()+tokenPath, metadata.TokenEndpoint)
	require.Equal(t, s.secure.URL()+tokenPath, metadata.Aliases.TokenEndpoint)
	// What RFC 8414 asks for is not there.
	resp, err = s.client(nil).Get(s.open.URL() + "/.well-known/oauth-authorization-server")
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}

func TestQuirk_BasicIsNotDecoded(t *testing.T) {
	s := start(t)
	a := s.account("basic+%")
	encoded := &account{id: url.QueryEscape(a.id), method: a.method}
	c := &credentials{secret: url.QueryEscape(a.credentials().secret)}
	require.Equal(t, http.StatusUnauthorized, s.ask(t, encoded, c, nil, url.Values{}).Status)
	require.Equal(t, http.StatusOK, s.ask(t, a, a.credentials(), nil, url.Values{}).Status)
}

func TestQuirk_HTUIsComparedWithTheQuery(t *testing.T) {
	s := start(t)
	a := s.account("basic-dpop")
	signer, err := newKey(jose.ES256)
	require.NoError(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.open.URL()+tokenPath+"?tenant=1",
		strings.NewReader("grant_type=client_credentials"))
	require.NoError(t, err)
	r.SetBasicAuth(a.id, a.credentials().secret)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("DPoP", proof(t, signer.(*ecdsa.PrivateKey), http.MethodPost, s.open.URL()+tokenPath, ""))
	resp, err := s.client(nil).Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	var got response
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&got))
	require.Equal(t, "invalid DPoP proof", got.Description)
}
