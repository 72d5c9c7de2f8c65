package osin

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
func (s *Server) post(t *testing.T, path, id, secret string) (status int, members map[string]any) {
	t.Helper()
	body := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.site.URL()+path, body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	return read(t, r)
}

func (s *Server) get(t *testing.T, path, token string) (status int, members map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.site.URL()+path, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	return read(t, r)
}

func read(t *testing.T, r *http.Request) (status int, members map[string]any) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		require.NoError(t, json.NewDecoder(resp.Body).Decode(&members))
	}
	return resp.StatusCode, members
}

func TestQuirk_ErrorsComeWithStatus200(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	for name, credentials := range map[string][2]string{
		"wrong secret": {a.ID, "wrong"}, "unknown client": {"unknown", a.Secret()},
	} {
		status, members := s.post(t, "/token", credentials[0], credentials[1])
		require.Equal(t, http.StatusOK, status, name)
		require.Equal(t, "unauthorized_client", members["error"], name)
	}
}

func TestQuirk_ItsOwnAPIRefusesWithStatus200(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	_, members := s.post(t, "/token", a.ID, a.Secret())
	token := members["access_token"].(string)
	status, members := s.get(t, "/info", token)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, a.ID, members["client_id"])
	require.NoError(t, s.Revoke(t.Context()))
	status, members = s.get(t, "/info", token)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "invalid_request", members["error"])
	status, _ = s.get(t, "/api", token)
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestQuirk_TheTokenTypeIsTheOperatorsChoice(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	_, members := s.post(t, "/apigee/token", a.ID, a.Secret())
	require.Equal(t, tokenType, members["token_type"])
	status, _ := s.get(t, "/api", members["access_token"].(string))
	require.Equal(t, http.StatusOK, status)
}

func TestC5_WithoutAHookARefusalWithStatus200IsAResponse(t *testing.T) {
	s := start(t)
	cfg := s.accounts[3].Config()
	cfg.Rejected, cfg.RejectedBody = nil, false
	c, err := alf.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	resp, err := c.GetContext(t.Context(), s.site.URL()+"/info")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.NoError(t, s.Revoke(t.Context()))
	resp, err = c.GetContext(t.Context(), s.site.URL()+"/info")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var members map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&members))
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "invalid_request", members["error"])
	require.EqualValues(t, 1, c.Stats().Fetches)
}

// F1: the type that the server returns and the scheme that is sent are two settings.
func TestF1_ATokenOfAnotherTypeNeedsBothSettings(t *testing.T) {
	s := start(t)
	open := func(change func(*alf.Config)) (int, error) {
		cfg := s.accounts[2].Config()
		change(&cfg)
		c, err := alf.New(cfg)
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		resp, err := c.GetContext(t.Context(), s.site.URL()+"/api")
		if err != nil {
			return 0, err
		}
		return resp.StatusCode, resp.Body.Close()
	}
	status, err := open(func(*alf.Config) {})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, status)
	status, err = open(func(cfg *alf.Config) { cfg.AuthScheme = "" })
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	_, err = open(func(cfg *alf.Config) { cfg.TokenType, cfg.AuthScheme = "", "" })
	require.ErrorContains(t, err, `set TokenType to "BearerToken", and AuthScheme to the scheme that the APIs expect`)
}
