package fosite

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

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

// response is what the token and introspection endpoint responds with.
type response struct {
	Status      int
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Active      bool   `json:"active"`
}

func (s *Server) post(t *testing.T, path string, form url.Values, authenticate func(*http.Request)) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.site.URL()+path, nil)
	require.NoError(t, err)
	authenticate(r)
	with, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL.String(), strings.NewReader(form.Encode()))
	require.NoError(t, err)
	with.Header = r.Header
	with.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(with)
	require.NoError(t, err)
	defer resp.Body.Close()
	a := response{Status: resp.StatusCode}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&a))
	return a
}

// ask sends a request as the client with this id.
func (s *Server) ask(t *testing.T, path, id string, form url.Values) response {
	return s.post(t, path, form, func(r *http.Request) {
		require.NoError(t, s.account(id).authenticate(r, form, s.tokenURL()))
	})
}

func grant() url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}, "audience": {audience}}
}

func (s *Server) api(t *testing.T, token string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.site.URL()+"/api", nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	resp.Body.Close()
	return resp
}

func TestEveryClientGetsATokenThatCanBeRevoked(t *testing.T) {
	s := start(t)
	for i, a := range s.accounts {
		t.Run(a.id, func(t *testing.T) {
			got := s.ask(t, "/token", a.id, grant())
			require.Equal(t, http.StatusOK, got.Status, "%+v", got)
			require.Equal(t, a.jwt, isJWT(got.AccessToken))
			require.Equal(t, i+1, s.TokenRequests())
			require.Equal(t, http.StatusOK, s.api(t, got.AccessToken).StatusCode)
			require.True(t, s.ask(t, "/introspect", "basic & JWT", url.Values{"token": {got.AccessToken}}).Active)

			require.NoError(t, s.Revoke(t.Context()))
			refused := s.api(t, got.AccessToken)
			require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
			require.Contains(t, refused.Header.Get("WWW-Authenticate"), `Bearer error="invalid_token"`)
			require.False(t, s.ask(t, "/introspect", "basic & JWT", url.Values{"token": {got.AccessToken}}).Active)
		})
	}
}

func TestNewKeysAreTheEndOfOldTokens(t *testing.T) {
	s := start(t)
	for _, id := range []string{"basic & opaque", "basic & JWT"} {
		token := s.ask(t, "/token", id, grant()).AccessToken
		s.Stop()
		_, err := http.Get(s.site.URL() + "/api")
		require.ErrorContains(t, err, "refused")

		require.NoError(t, s.Start(t.Context(), false))
		require.Equal(t, http.StatusOK, s.api(t, token).StatusCode, id)
		s.Stop()
		require.NoError(t, s.Start(t.Context(), true))
		require.Equal(t, http.StatusUnauthorized, s.api(t, token).StatusCode, id)
	}
}

func TestQuirk_LifetimesAreOneSecondShorter(t *testing.T) {
	s := start(t)
	require.Equal(t, 2, s.ask(t, "/token", "post", grant()).ExpiresIn)
	require.Equal(t, 0, s.ask(t, "/token", "basic, 1 s", grant()).ExpiresIn)
}

func TestQuirk_BarePercentInBasicIsABadRequest(t *testing.T) {
	s := start(t)
	got := s.post(t, "/token", grant(), func(r *http.Request) { r.SetBasicAuth("basic", "100%") })
	require.Equal(t, http.StatusBadRequest, got.Status)
	require.Equal(t, "invalid_request", got.Error)
	require.Contains(t, got.Description, "could not be decoded from 'application/x-www-form-urlencoded'")
}

func TestQuirk_AnAssertionUsedTwiceIsJTIKnown(t *testing.T) {
	s := start(t)
	form := grant()
	require.Equal(t, http.StatusOK, s.ask(t, "/token", "rsa", form).Status)
	again := s.post(t, "/token", form, func(*http.Request) {})
	require.Equal(t, http.StatusBadRequest, again.Status)
	require.Equal(t, "jti_known", again.Error)
}

func TestQuirk_PreviousSecretsAreGoodWhileListed(t *testing.T) {
	s := start(t)
	a := s.account("post")
	old := a.credentials()
	fresh, err := a.fresh()
	require.NoError(t, err)
	withSecret := func(secret string) int {
		form := grant()
		form.Set("client_id", a.id)
		form.Set("client_secret", secret)
		return s.post(t, "/token", form, func(*http.Request) {}).Status
	}

	require.NoError(t, s.store.register(a, fresh, old.secret))
	require.Equal(t, http.StatusOK, withSecret(old.secret))
	require.Equal(t, http.StatusOK, withSecret(fresh.secret))
	require.NoError(t, s.store.register(a, fresh))
	require.Equal(t, http.StatusUnauthorized, withSecret(old.secret))
	require.Equal(t, http.StatusOK, withSecret(fresh.secret))
}
