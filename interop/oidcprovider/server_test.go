package oidcprovider

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	neturl "net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// These tests speak to the server with net/http alone, so that the client under test cannot hide what the server does.

func startServer(t *testing.T) *Server {
	t.Helper()
	lab.Require(t, "oidcprovider", Missing())
	s, err := New(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), false))
	t.Cleanup(s.Stop)
	return s
}

func TestEachClientGetsATokenThatOpensTheAPI(t *testing.T) {
	s := startServer(t)
	for _, c := range s.clients {
		t.Run(c.name(), func(t *testing.T) {
			p := newPlayer(t, s, c)

			status, members := p.token(c.credentials)
			require.Equal(t, 200, status, members)
			require.EqualValues(t, lifetime.Seconds(), members["expires_in"])
			require.Equal(t, map[bool]string{false: "Bearer", true: "DPoP"}[c.dpop], members["token_type"])
			token := members["access_token"].(string)
			require.Equal(t, c.resource, strings.Count(token, ".") == 2, "JWT for the resource only")
			requireOpen(t, p.call(token))

			other := newPlayer(t, s, c) // with another key for DPoP, and no certificate
			if c.dpop || c.mutualTLS() {
				other.client = p.withoutCertificate()
				requireRejected(t, other.call(token))
			} else {
				requireOpen(t, other.call(token))
			}
			requireRejected(t, p.call("made-up"))

			requireDenied(t, p, readCredentials(t, c, c.wrongFile()))

			old := c.credentials
			require.NoError(t, s.rotate(t.Context(), c))
			requireDenied(t, newPlayer(t, s, c, old), old)
			status, members = newPlayer(t, s, c).token(readCredentials(t, c, c.rightFile()))
			require.Equal(t, 200, status, members)
		})
	}
}

func TestAChallengeWithoutAToken(t *testing.T) {
	s := startServer(t)
	for _, api := range []string{s.APIURL(), s.ResourceURL()} {
		resp, err := newPlayer(t, s, s.clients[0]).client.Get(api)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 401, resp.StatusCode)
		challenges := resp.Header.Values("WWW-Authenticate")
		require.Len(t, challenges, 2, challenges)
		require.Contains(t, challenges[0], "Bearer ")
		require.Contains(t, challenges[1], "DPoP ")
		require.NotContains(t, challenges[0]+challenges[1], "error")
	}
}

func TestTokensEnd(t *testing.T) {
	s := startServer(t)
	players := players(t, s)
	tokens := make([]string, len(players))
	open := func(want bool, why string) {
		t.Helper()
		for i, p := range players {
			if want {
				requireOpen(t, p.call(tokens[i]))
			} else {
				requireRejected(t, p.call(tokens[i]))
			}
		}
	}
	fetch := func() {
		for i, p := range players {
			status, members := p.token(p.of.credentials)
			require.Equal(t, 200, status, members)
			tokens[i] = members["access_token"].(string)
		}
	}

	fetch()
	require.NoError(t, s.Revoke(t.Context()))
	open(false, "revoked")

	fetch()
	s.Stop()
	_, err := s.transport.RoundTrip(mustRequest(t, s.APIURL()))
	require.Error(t, err, "the port is closed")
	require.NoError(t, s.Start(t.Context(), false))
	open(true, "started again")

	s.Stop()
	require.NoError(t, s.Start(t.Context(), true))
	open(false, "started with new keys")

	fetch()
	open(true, "fresh")
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(players, func(p *player) bool {
			resp := p.call(tokens[slices.Index(players, p)])
			return resp.StatusCode == 200
		})
	}, 2*lifetime, 200*time.Millisecond)
	open(false, "expired")
}

func TestTokenRequestsAreCountedAcrossRestarts(t *testing.T) {
	s := startServer(t)
	require.Zero(t, s.TokenRequests())
	p := newPlayer(t, s, s.clients[0])
	for n := 1; n < 4; n++ {
		p.token(readCredentials(t, p.of, p.of.wrongFile()))
		require.Equal(t, n, s.TokenRequests())
		s.Stop()
		require.Equal(t, n, s.TokenRequests())
		require.NoError(t, s.Start(t.Context(), n == 2))
	}
}

func TestTwoResourcesAreRefused(t *testing.T) {
	s := startServer(t)
	for _, c := range s.clients {
		if !c.resource {
			continue
		}
		p := newPlayer(t, s, c)
		p.more = neturl.Values{"resource": {"https://api.example.com/other"}}
		status, members := p.token(c.credentials)
		require.Equal(t, 400, status)
		require.Equal(t, "invalid_target", members["error"])
	}
}

func TestAServerThatDoesNotStartSaysWhy(t *testing.T) {
	s := startServer(t)
	other, err := New(t.TempDir())
	require.NoError(t, err)
	other.settings.Ports = s.settings.Ports
	err = other.Start(t.Context(), false)
	require.ErrorContains(t, err, "EADDRINUSE")
}

// players is one for each client.
func players(t *testing.T, s *Server) []*player {
	var all []*player
	for _, c := range s.clients {
		all = append(all, newPlayer(t, s, c))
	}
	return all
}

// player plays a client by hand.
type player struct {
	t      *testing.T
	s      *Server
	of     *client
	client *http.Client
	dpop   *ecdsa.PrivateKey
	nonce  map[string]string // by host
	more   neturl.Values     // further parameters of the token request
}

// newPlayer makes a player of c, with c's own credentials unless it gets others.
func newPlayer(t *testing.T, s *Server, c *client, other ...credentials) *player {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	config := s.tls()
	if c.mutualTLS() {
		file := append(other, c.credentials)[0].file
		cert, err := tls.X509KeyPair(file, file)
		require.NoError(t, err)
		config.Certificates = []tls.Certificate{cert}
	}
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	return &player{
		t: t, s: s, of: c, client: &http.Client{Transport: transport}, dpop: key, nonce: map[string]string{},
	}
}

func (p *player) withoutCertificate() *http.Client {
	transport := &http.Transport{TLSClientConfig: p.s.tls()}
	p.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// token asks for a token with credentials (certificates are the player's own).
func (p *player) token(with credentials) (int, map[string]any) {
	p.t.Helper()
	endpoint := p.of.tokenURL(p.s)
	if p.of.discover {
		endpoint = p.discover()
	}
	resp := p.send("", func() *http.Request {
		form := neturl.Values{"grant_type": {"client_credentials"}, "client_id": {p.of.id}}
		if p.of.resource {
			form.Set("resource", p.s.ResourceURL())
		}
		for name, values := range p.more {
			form[name] = append(form[name], values...)
		}
		switch p.of.method {
		case "client_secret_post":
			form.Set("client_secret", string(with.file))
		case "client_secret_jwt", "private_key_jwt":
			form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
			form.Set("client_assertion", assertion(p.t, p.of, with, p.s.Issuer()))
		}
		req, err := http.NewRequestWithContext(p.t.Context(), "POST", endpoint, strings.NewReader(form.Encode()))
		require.NoError(p.t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if p.of.method == "client_secret_basic" {
			req.SetBasicAuth(neturl.QueryEscape(p.of.id), neturl.QueryEscape(string(with.file)))
		}
		return req
	})
	var members map[string]any
	require.NoError(p.t, json.NewDecoder(resp.Body).Decode(&members))
	return resp.StatusCode, members
}

// discover finds the token endpoint.
func (p *player) discover() string {
	resp, err := p.client.Get(p.s.Issuer() + "/.well-known/openid-configuration")
	require.NoError(p.t, err)
	defer func() { _ = resp.Body.Close() }()
	type endpoints struct {
		Token string `json:"token_endpoint"`
	}
	var metadata struct {
		endpoints
		Issuer  string
		Aliases endpoints `json:"mtls_endpoint_aliases"`
	}
	require.NoError(p.t, json.NewDecoder(resp.Body).Decode(&metadata))
	require.Equal(p.t, p.s.Issuer(), metadata.Issuer)
	if p.of.mutualTLS() {
		return metadata.Aliases.Token
	}
	return metadata.Token
}

// call asks the API.
func (p *player) call(token string) *http.Response {
	p.t.Helper()
	return p.send(token, func() *http.Request {
		req := mustRequest(p.t, p.s.APIURL())
		if p.of.resource {
			req = mustRequest(p.t, p.s.ResourceURL())
		}
		req.Header.Set("Authorization", map[bool]string{false: "Bearer ", true: "DPoP "}[p.of.dpop]+token)
		return req
	})
}

// send sends a request, with a proof of DPoP if there has to be one, and again if it is to hold a nonce. token is what
// the proof is to name.
func (p *player) send(token string, request func() *http.Request) *http.Response {
	p.t.Helper()
	req := request()
	host := req.URL.Host
	if p.of.dpop {
		req.Header.Set("DPoP", dpopProof(p.t, p.dpop, req, token, p.nonce[host]))
	}
	resp, err := p.client.Do(req)
	require.NoError(p.t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, resp.Body.Close())
	resp.Body = io.NopCloser(bytes.NewReader(body))

	asked := bytes.Contains(body, []byte(`"use_dpop_nonce"`))
	require.False(p.t, asked && !p.of.nonces, "asks for a nonce, unasked")
	nonce := resp.Header.Get("DPoP-Nonce")
	if !asked {
		require.False(p.t, p.of.nonces && resp.StatusCode == 200 && p.nonce[host] == "", "takes proofs without a nonce")
		return resp
	}
	require.NotEmpty(p.t, nonce)
	require.NotEqual(p.t, nonce, p.nonce[host], "asks for the nonce that it got")
	if token != "" {
		require.Equal(p.t, 401, resp.StatusCode)
		require.Contains(p.t, resp.Header.Get("WWW-Authenticate"), `DPoP realm=`)
		require.Contains(p.t, resp.Header.Get("WWW-Authenticate"), `error="use_dpop_nonce"`)
	} else {
		require.Equal(p.t, 400, resp.StatusCode)
	}
	p.nonce[host] = nonce
	return p.send(token, request)
}

func mustRequest(t *testing.T, url string) *http.Request {
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), "GET", url, nil)
	require.NoError(t, err)
	return req
}

func requireOpen(t *testing.T, resp *http.Response) {
	t.Helper()
	body, _ := io.ReadAll(resp.Body)
	require.Equal(t, 200, resp.StatusCode, "%s", body)
}

func requireRejected(t *testing.T, resp *http.Response) {
	t.Helper()
	require.Equal(t, 401, resp.StatusCode)
	require.Contains(t, resp.Header.Get("WWW-Authenticate"), `error="invalid_token"`)
}

// requireDenied expects that credentials get no token.
func requireDenied(t *testing.T, p *player, with credentials) {
	t.Helper()
	if p.of.mutualTLS() {
		p = newPlayer(t, p.s, p.of, with)
	}
	status, members := p.token(with)
	require.Equal(t, 401, status, members)
	require.Equal(t, "invalid_client", members["error"])
	require.Contains(t, members["error_description"], says)
}

// readCredentials reads the credentials of a client.
func readCredentials(t *testing.T, c *client, file string) credentials {
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return credentials{file: content, metadata: c.credentials.metadata}
}
