package nginx_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/nginx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// introspection knows two tokens, and whom it may inform about them.
func introspection(t *testing.T, id, secret string) *httptest.Server {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		user, password, _ := req.BasicAuth()
		if user != url.QueryEscape(id) || password != url.QueryEscape(secret) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch req.PostFormValue("token") {
		case "reads+/=":
			_, _ = io.WriteString(w, `{"active":true,"scope":"stock:read"}`)
		case "writes":
			_, _ = io.WriteString(w, `{"active":true,"scope":"stock:read stock:write"}`)
		default:
			_, _ = io.WriteString(w, `{"active":false}`)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func start(t *testing.T, url, id, secret string) *nginx.Server {
	t.Helper()
	lab.Require(t, "nginx with njs", nginx.Missing())
	s, err := nginx.Start(t.Context(), t.TempDir(), url, id, secret)
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return s
}

func TestEachWayToSayNo(t *testing.T) {
	const id, secret = "api:1", `q%:"$\ß`
	s := start(t, introspection(t, id, secret).URL, id, secret)
	t.Log(nginx.Version())

	const asked = `Bearer realm="nginx"`
	const invalid = `Bearer realm="nginx", error="invalid_token", error_description="it is not active"`
	const insufficient = `Bearer realm="nginx", error="insufficient_scope", scope="stock:write"`
	for _, test := range []struct {
		kind      nginx.Kind
		token     string
		status    int
		challenge []string
	}{
		{nginx.Proper, "", 401, []string{asked}},
		{nginx.Proper, "unknown", 401, []string{invalid}},
		{nginx.Proper, "reads+/=", 200, nil},
		{nginx.Silent, "", 401, nil},
		{nginx.Silent, "unknown", 401, nil},
		{nginx.Silent, "reads+/=", 200, nil},
		{nginx.Basic, "", 401, []string{`Basic realm="nginx"`}},
		{nginx.Basic, "unknown", 401, []string{`Basic realm="nginx"`}},
		{nginx.Basic, "reads+/=", 200, nil},
		{nginx.Scope, "", 401, []string{asked}},
		{nginx.Scope, "unknown", 401, []string{invalid}},
		{nginx.Scope, "reads+/=", 403, []string{insufficient}},
		{nginx.Scope, "writes", 200, nil},
	} {
		resp := call(t, s.URL(test.kind), test.token)
		require.Equal(t, test.status, resp.StatusCode, "%+v\n%s", test, s.Log())
		require.Equal(t, test.challenge, resp.Header.Values("WWW-Authenticate"), "%+v", test)
	}
}

func TestAnIntrospectionThatFails(t *testing.T) {
	s := start(t, introspection(t, "api", "right").URL, "api", "wrong")
	require.Equal(t, 500, call(t, s.URL(nginx.Proper), "reads+/=").StatusCode)
	s.Close() // now all that it wrote has been read
	require.Contains(t, s.Log(), "introspection: 401")
}

func TestItEndsWithItsInput(t *testing.T) {
	s := start(t, "http://127.0.0.1:1/", "api", "secret")
	require.Equal(t, 401, call(t, s.URL(nginx.Proper), "").StatusCode)
	s.Close()
	_, err := http.Get(s.URL(nginx.Proper))
	require.Error(t, err)
}

func TestAConfigurationThatDoesNotWork(t *testing.T) {
	start(t, "http://127.0.0.1:1/", "api", "secret")
	_, err := nginx.Start(t.Context(), t.TempDir(), "no address", "api", "secret")
	require.ErrorContains(t, err, "[emerg]")
}

// call asks for url; token "": without one.
func call(t *testing.T, url, token string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	require.NoError(t, err)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp
}
