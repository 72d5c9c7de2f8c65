package doorkeeper

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, reuse bool) *Server {
	t.Helper()
	lab.Require(t, "doorkeeper", Missing())
	s, err := New(t.TempDir(), reuse)
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Stop()
		require.NoError(t, s.Close())
		http.DefaultClient.CloseIdleConnections()
	})
	require.NoError(t, s.Start(t.Context(), false))
	return s
}

// token sends a token request with net/http alone, so that the client under test cannot hide what the server does.
func (s *Server) token(t *testing.T, id, secret string) (*http.Response, map[string]any) {
	t.Helper()
	body := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url("/oauth/token"), body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(id, secret)
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var members map[string]any
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&members))
	return resp, members
}

func TestQuirk_AWrongClientGetsABearerChallenge(t *testing.T) {
	s := start(t, false)
	a := s.accounts[0]
	for name, credentials := range map[string][2]string{
		"wrong secret": {a.ID, "wrong"}, "unknown client": {"unknown", a.Secret()},
		"encoded secret": {a.ID, url.QueryEscape(a.Secret())},
	} {
		resp, members := s.token(t, credentials[0], credentials[1])
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode, name)
		require.Contains(t, resp.Header.Get("WWW-Authenticate"), `Bearer realm="Doorkeeper", error="invalid_client"`, name)
		require.Equal(t, "invalid_client", members["error"], name)
	}
	require.Equal(t, 3, s.TokenRequests())
}

func TestQuirk_AReusedTokenComesBackUntilItsEnd(t *testing.T) {
	s := start(t, true)
	a := s.accounts[0]
	_, first := s.token(t, a.ID, a.Secret())
	require.EqualValues(t, lifetime.Seconds(), first["expires_in"])
	var last map[string]any
	require.Eventually(t, func() bool {
		_, next := s.token(t, a.ID, a.Secret())
		if next["access_token"] != first["access_token"] {
			return true
		}
		last = next
		return false
	}, 3*lifetime, 50*time.Millisecond)
	require.EqualValues(t, 0, last["expires_in"], "the last time, the same token has no lifetime left")
}
