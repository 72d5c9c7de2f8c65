package gooauth2

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-oauth2/oauth2/v4"
	"github.com/go-oauth2/oauth2/v4/generates"
	"github.com/go-oauth2/oauth2/v4/manage"
	"github.com/go-oauth2/oauth2/v4/models"
	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func start(t *testing.T) *Server {
	t.Helper()
	s, err := New()
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), false))
	t.Cleanup(s.Stop)
	return s
}

// post sends a token request with net/http alone, so that the client under test cannot hide what the server does.
func (s *Server) post(t *testing.T, id, secret, grant string) (status int, members map[string]any) {
	t.Helper()
	body := strings.NewReader(url.Values{"grant_type": {grant}}.Encode())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.site.URL()+"/basic/token", body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&members))
	return resp.StatusCode, members
}

func TestQuirk_EachRefusalHasAStatusOfItsOwn(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	for _, test := range []struct {
		name, id, secret, grant string
		status                  int
		code                    string
	}{
		{"unknown client", "unknown", a.Secret(), "client_credentials", 500, "server_error"},
		{"wrong secret", a.ID, "wrong", "client_credentials", 401, "invalid_client"},
		{"encoded secret", a.ID, url.QueryEscape(a.Secret()), "client_credentials", 401, "invalid_client"},
		{"another grant", a.ID, a.Secret(), "refresh_token", 400, "invalid_request"},
	} {
		status, members := s.post(t, test.id, test.secret, test.grant)
		require.Equal(t, test.status, status, test.name)
		require.Equal(t, test.code, members["error"], test.name)
	}
}

func TestQuirk_ALifetimeBelowASecondIsSentAsZero(t *testing.T) {
	s := start(t)
	s.setLifetime(900 * time.Millisecond)
	a := s.accounts[0]
	status, members := s.post(t, a.ID, a.Secret(), "client_credentials")
	require.Equal(t, 200, status)
	require.EqualValues(t, 0, members["expires_in"])
}

func TestM6_TokensWithExpiresInZeroServeTheCallersThatWaited(t *testing.T) {
	s := start(t)
	s.setLifetime(900 * time.Millisecond)
	c := s.newClient(t, s.accounts[0].Config())
	resp, err := c.GetContext(t.Context(), s.site.URL()+"/api")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
	require.EqualValues(t, 1, c.Stats().ExpiredOnArrival)
}

func TestF1_AnEncodedSecretIsRefusedWithAHint(t *testing.T) {
	s := start(t)
	cfg := s.accounts[0].Config()
	cfg.AuthStyle = alf.AuthBasic
	_, err := s.newClient(t, cfg).Token(t.Context())
	var endpoint *alf.EndpointError
	require.ErrorAs(t, err, &endpoint)
	require.Equal(t, "invalid_client", endpoint.Code)
	require.Contains(t, endpoint.Hint, "client_secret_basic_raw")
}

func (s *Server) newClient(t *testing.T, cfg alf.Config) *alf.Client {
	t.Helper()
	c, err := alf.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// setLifetime changes how long the tokens of the first token endpoint live.
func (s *Server) setLifetime(lifetime time.Duration) {
	s.current.Load().basic.Manager.(*manage.Manager).SetClientTokenCfg(&manage.Config{AccessTokenExp: lifetime})
}

// requested is what go-oauth2 passes to a generator for a token requested at that time.
func requested(at time.Time) *oauth2.GenerateBasic {
	info := models.NewToken()
	info.SetAccessCreateAt(at)
	info.SetAccessExpiresIn(lifetime)
	return &oauth2.GenerateBasic{Client: &models.Client{ID: "form"}, TokenInfo: info}
}

func TestQuirk_TwoJWTsOfOneSecondAreTheSame(t *testing.T) {
	generate := func(g oauth2.AccessGenerate, at time.Time) string {
		token, _, err := g.Token(t.Context(), requested(at), false)
		require.NoError(t, err)
		return token
	}
	key, at := []byte("a key of 64 bytes, or more"), time.Unix(1_800_000_000, 0)
	theirs := generates.NewJWTAccessGenerate("", key, jwt.SigningMethodHS512)
	require.Equal(t, generate(theirs, at), generate(theirs, at.Add(999*time.Millisecond)))
	require.NotEqual(t, generate(theirs, at), generate(theirs, at.Add(time.Second)))
	require.NotEqual(t, generate(uniqueJWTs{key}, at), generate(uniqueJWTs{key}, at))
}

// A revoked token that comes back at once is accepted by its server, which cannot distinguish the two; the client keeps
// to its rule that the very value that was rejected is no successor.
func TestJWTs_ATokenAfterARevocationInTheSameSecondIsAnother(t *testing.T) {
	s := start(t)
	c := s.newClient(t, s.accounts[1].Config())
	for range 20 { // several of them within a second
		first, err := c.Token(t.Context())
		require.NoError(t, err)
		require.NoError(t, s.Revoke(t.Context()))
		second, err := c.Refresh(t.Context())
		require.NoError(t, err)
		require.NotEqual(t, first.Value(), second.Value())
	}
}
