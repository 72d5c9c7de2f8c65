package glewlwyd

import (
	"encoding/json"
	"io"
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
	lab.Require(t, "glewlwyd", Missing())
	s, err := New(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context(), false))
	t.Cleanup(func() {
		s.Stop()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

// ask sends a request with net/http alone, so that the client under test cannot hide what the server does.
func (s *Server) ask(t *testing.T, method, path string, form url.Values, basic ...string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url(path), strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if len(basic) > 0 {
		r.SetBasicAuth(basic[0], basic[1])
	}
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func grant(scope string) url.Values {
	return url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}
}

func TestQuirk_MostRefusalsAreAnEmpty403(t *testing.T) {
	s := start(t)
	a := s.accounts[0]
	status, body := s.ask(t, "POST", "/api/oidc/token", grant(scope), a.ID, a.Secret())
	require.Equal(t, 200, status)
	require.Contains(t, body, `"token_type":"bearer"`)
	before := s.TokenRequests()
	for _, test := range []struct {
		name   string
		form   url.Values
		basic  []string
		status int
		body   string
	}{
		{"wrong secret", grant(scope), []string{a.ID, "wrong"}, 403, ""},
		{"encoded secret", grant(scope), []string{a.ID, url.QueryEscape(a.Secret())}, 403, ""},
		{"no scope", url.Values{"grant_type": {"client_credentials"}}, []string{a.ID, a.Secret()}, 403, ""},
		{"another grant", url.Values{"grant_type": {"password"}}, []string{a.ID, a.Secret()}, 403, ""},
		{"unknown scope", grant("unknown"), []string{a.ID, a.Secret()}, 400, `{"error":"scope_invalid"}`},
	} {
		status, body := s.ask(t, "POST", "/api/oidc/token", test.form, test.basic...)
		require.Equal(t, test.status, status, test.name)
		require.Equal(t, test.body, body, test.name)
	}
	require.Equal(t, before+3, s.TokenRequests(), "the log has all but the unknown and the missing scope")
}

func TestQuirk_TheMetadataOmitTheGrant(t *testing.T) {
	s := start(t)
	_, body := s.ask(t, "GET", "/api/oidc/.well-known/openid-configuration", nil)
	var metadata struct {
		Issuer        string
		TokenEndpoint string   `json:"token_endpoint"`
		Grants        []string `json:"grant_types_supported"`
		Scopes        []string `json:"scopes_supported"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &metadata))
	require.Equal(t, s.url("//api/oidc/token"), metadata.TokenEndpoint)
	require.NotContains(t, metadata.Grants, "client_credentials")
	require.NotContains(t, metadata.Scopes, scope)
}

func TestQuirk_OnlyTheMethodThatATokenWasGotByIntrospectsIt(t *testing.T) {
	s := start(t)
	a := s.accounts[1]
	inForm := url.Values{"client_id": {a.ID}, "client_secret": {a.Secret()}}
	form := grant(scope)
	form["client_id"], form["client_secret"] = inForm["client_id"], inForm["client_secret"]
	_, body := s.ask(t, "POST", "/api/oidc/token", form)
	var token struct {
		Value string `json:"access_token"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &token))
	inForm.Set("token", token.Value)
	_, body = s.ask(t, "POST", "/api/oidc/introspect", inForm)
	require.Contains(t, body, `"active":true`)
	_, body = s.ask(t, "POST", "/api/oidc/introspect", url.Values{"token": {token.Value}}, a.ID, a.Secret())
	require.JSONEq(t, `{"active":false}`, body)
}
