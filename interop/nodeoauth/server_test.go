package nodeoauth

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *Server {
	t.Helper()
	lab.Require(t, "nodeoauth", Missing())
	s, err := New(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), false))
	t.Cleanup(func() {
		s.Stop()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// response is what the server sent, read to its end.
type response struct {
	status    int
	challenge string
	members   map[string]any
}

// These tests use net/http alone, so that the client under test cannot hide what the server does.

func (s *Server) post(t *testing.T, form url.Values, basic ...string) response {
	t.Helper()
	form.Set("grant_type", "client_credentials")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url("/token"), strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) > 0 {
		r.SetBasicAuth(basic[0], basic[1])
	}
	return do(t, r)
}

func (s *Server) get(t *testing.T, path, authorization string) response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url(path), nil)
	require.NoError(t, err)
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return do(t, r)
}

func do(t *testing.T, r *http.Request) response {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	got := response{status: resp.StatusCode, challenge: resp.Header.Get("WWW-Authenticate")}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&got.members))
	return got
}

func TestQuirk_TheStatusOfAWrongSecretDependsOnItsPlace(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	good := s.post(t, url.Values{}, a.ID, a.Secret())
	require.Equal(t, 200, good.status, "%v", good.members)

	inHeader := s.post(t, url.Values{}, a.ID, url.QueryEscape(a.Secret()))
	require.Equal(t, 401, inHeader.status, "Basic is not decoded")
	require.Equal(t, `Basic realm="Service"`, inHeader.challenge)
	require.Equal(t, "invalid_client", inHeader.members["error"])

	inForm := s.post(t, url.Values{"client_id": {a.ID}, "client_secret": {"wrong"}})
	require.Equal(t, 400, inForm.status)
	require.Empty(t, inForm.challenge)
	require.Equal(t, "invalid_client", inForm.members["error"])
}

func TestQuirk_WithoutTheHeadersOfTheLibraryThereIsNoChallenge(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	token := s.post(t, url.Values{}, a.ID, a.Secret()).members["access_token"].(string)
	for path, challenge := range map[string]string{"/api": `Bearer realm="Service",error="invalid_token"`, "/quiet": ""} {
		require.Equal(t, 200, s.get(t, path, "Bearer "+token).status)
		refused := s.get(t, path, "Bearer made-up")
		require.Equal(t, 401, refused.status)
		require.Equal(t, challenge, refused.challenge)
		require.Equal(t, "invalid_token", refused.members["error"])
		require.Equal(t, "unauthorized_request", s.get(t, path, "").members["error"])
	}
}
