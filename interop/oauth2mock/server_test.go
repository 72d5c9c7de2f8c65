package oauth2mock

import (
	"encoding/json"
	"io"
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

// These tests speak to the server with net/http alone, so that the client under test cannot hide what the server does.

func startServer(t *testing.T) *Server {
	t.Helper()
	lab.Require(t, "oauth2mock", Missing())
	s, err := New(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), false))
	t.Cleanup(func() {
		s.Stop()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func TestTokensOpenTheAPIUntilTheyEnd(t *testing.T) {
	s := startServer(t)
	requireCall(t, s, "", 401, `Bearer realm="oauth2-mock-server"`)
	requireCall(t, s, "made-up", 401, `error="invalid_token"`)

	token := fetch(t, s)
	require.NotEqual(t, token, fetch(t, s), "no token is handed out twice")
	requireCall(t, s, token, 200, "")
	require.NoError(t, s.Revoke(t.Context()))
	requireCall(t, s, token, 401, `error="invalid_token"`)

	token = fetch(t, s)
	s.Stop()
	_, err := http.Get(s.APIURL())
	require.Error(t, err, "the port is closed")
	require.NoError(t, s.Start(t.Context(), false))
	requireCall(t, s, token, 200, "")
	s.Stop()
	require.NoError(t, s.Start(t.Context(), true))
	requireCall(t, s, token, 401, `error="invalid_token"`)
	require.Equal(t, 3, s.TokenRequests())

	token = fetch(t, s)
	require.Eventually(t, func() bool { return call(t, s, token).StatusCode == 401 }, 2*lifetime, 200*time.Millisecond)
}

func TestDiscovery(t *testing.T) {
	s := startServer(t)
	response, err := http.Get(s.Issuer() + "/.well-known/openid-configuration")
	require.NoError(t, err)
	var metadata map[string]any
	require.NoError(t, json.Unmarshal([]byte(body(t, response)), &metadata))
	require.Equal(t, s.Issuer(), metadata["issuer"])
	require.Equal(t, s.TokenURL(), metadata["token_endpoint"])
}

func TestResponsesAreChangedOneByOne(t *testing.T) {
	s := startServer(t)
	require.NoError(t, s.Queue(t.Context(),
		With("expires_in", `"3600"`),
		With("expires_in", `null`),
		Without("token_type"),
		Error(400, "invalid_client"),
		Error(200, "invalid_scope"),
		Response{Body: json.RawMessage(`["array"]`)},
		Text(200, "text/html", "<html>Who are you?</html>"),
		Text(200, "application/json", `{"access_token":"x","access_token":"y"}`),
		Response{Status: 503, Header: map[string]string{"Retry-After": "7"}},
		Text(200, "application/json", ""),
		Response{Cut: true},
	))

	require.Contains(t, body(t, post(t, s)), `"expires_in":"3600"`)
	require.Contains(t, body(t, post(t, s)), `"expires_in":null`)
	require.NotContains(t, body(t, post(t, s)), `token_type`)
	response := post(t, s)
	require.Equal(t, 400, response.StatusCode)
	require.JSONEq(t, `{"error":"invalid_client"}`, body(t, response))
	response = post(t, s)
	require.Equal(t, 200, response.StatusCode)
	require.JSONEq(t, `{"error":"invalid_scope"}`, body(t, response))
	require.JSONEq(t, `["array"]`, body(t, post(t, s)))
	response = post(t, s)
	require.Equal(t, "text/html", response.Header.Get("Content-Type"))
	require.Equal(t, "<html>Who are you?</html>", body(t, response))
	require.Equal(t, `{"access_token":"x","access_token":"y"}`, body(t, post(t, s)))
	response = post(t, s)
	require.Equal(t, 503, response.StatusCode)
	require.Equal(t, "7", response.Header.Get("Retry-After"))
	require.Contains(t, body(t, response), "access_token")
	require.Empty(t, body(t, post(t, s)))
	_, err := http.PostForm(s.TokenURL(), url.Values{"grant_type": {"client_credentials"}})
	require.Error(t, err)

	requireCall(t, s, fetch(t, s), 200, "")
}

// post asks for a token.
func post(t *testing.T, s *Server) *http.Response {
	t.Helper()
	response, err := http.PostForm(s.TokenURL(), url.Values{
		"grant_type": {"client_credentials"}, "client_id": {"anybody"}, "client_secret": {"anything"},
	})
	require.NoError(t, err)
	return response
}

// fetch gets a token.
func fetch(t *testing.T, s *Server) string {
	t.Helper()
	response := post(t, s)
	require.Equal(t, 200, response.StatusCode)
	var token struct {
		AccessToken string `json:"access_token"`
		ExpiresIn   int    `json:"expires_in"`
	}
	require.NoError(t, json.Unmarshal([]byte(body(t, response)), &token))
	require.EqualValues(t, lifetime.Seconds(), token.ExpiresIn)
	require.Equal(t, 2, strings.Count(token.AccessToken, "."))
	return token.AccessToken
}

// call asks the API; token "": without one.
func call(t *testing.T, s *Server, token string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.APIURL(), nil)
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	body(t, response)
	return response
}

func requireCall(t *testing.T, s *Server, token string, status int, challenge string) {
	t.Helper()
	response := call(t, s, token)
	require.Equal(t, status, response.StatusCode)
	require.Contains(t, response.Header.Get("WWW-Authenticate"), challenge)
}

func body(t *testing.T, response *http.Response) string {
	t.Helper()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return string(text)
}
