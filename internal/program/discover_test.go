package program

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// publishing is an API with its authorization server, on one host. documents are by path; SELF stands for the host.
func publishing(t *testing.T, documents map[string]string) (address string) {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch document, ok := documents[r.URL.Path]; {
		case r.URL.Path == "/token":
			if user, secret, _ := r.BasicAuth(); user != "me" || secret != theSecret || r.PostFormValue("resource") != s.URL+"/api" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprintf(w, `{"access_token":"token-of-the-server","token_type":"Bearer","expires_in":60,"scope":%q}`, r.PostFormValue("scope"))
		case r.Header.Get("Authorization") != "" || strings.Contains(r.URL.String(), theSecret):
			if strings.HasPrefix(r.URL.Path, "/.well-known/") {
				t.Errorf("credentials at %s", r.URL)
			}
		case ok:
			io.WriteString(w, strings.ReplaceAll(document, "SELF", s.URL))
		case r.URL.Path == "/api":
			w.Header().Set("WWW-Authenticate", `Bearer scope="read"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func ordinaryDocuments() map[string]string {
	return map[string]string{
		"/.well-known/oauth-protected-resource/api":    `{"resource":"SELF/api","authorization_servers":["SELF/as"],"scopes_supported":["read","write"]}`,
		"/.well-known/oauth-authorization-server/as":   `{"issuer":"SELF/as","token_endpoint":"SELF/token","token_endpoint_auth_methods_supported":["client_secret_basic"]}`,
		"/.well-known/oauth-protected-resource/broken": `{"resource":"SELF/api"`,
	}
}

func TestDiscoverCommand_PrintsWhatFollows(t *testing.T) {
	self := publishing(t, ordinaryDocuments())
	r := alfIn(t, invocation{env: map[string]string{"ALF_CLIENT_SECRET": theSecret}}, "discover", self+"/api")
	require.Equal(t, exit.OK, r.code, r.err)
	require.Equal(t, strings.ReplaceAll(`API          SELF/api: 401 Unauthorized
             challenge: Bearer, scope read
document     SELF/.well-known/oauth-protected-resource/api (the well-known location of the URL)
             resource: SELF/api
             authorization servers: SELF/as
             scopes: read, write
server       SELF/as (UNTRUSTED: named by the API alone)
             metadata: SELF/.well-known/oauth-authorization-server/as
             token endpoint: SELF/token
             authentication methods: client_secret_basic

As flags:

# UNTRUSTED: the API alone names this authorization server, and so would decide where the client secret is sent.
# If you know from elsewhere that it is the right one, add
#   --issuer SELF/as
alf token \
  --client-id CLIENT_ID \
  --scope read \
  --resource SELF/api \
  --origin SELF

As a configuration file:

# UNTRUSTED: the API alone names this authorization server, and so would decide where the client secret is sent.
# If you know from elsewhere that it is the right one, add
#   "issuer": "SELF/as",
{
  "client_id": "CLIENT_ID",
  "scope": "read",
  "resource": "SELF/api",
  "origin": "SELF"
}

As Go:

client, err := alf.New(alf.Config{
	// UNTRUSTED: the API alone names this authorization server, and so would decide where the client secret is sent.
	// If you know from elsewhere that it is the right one, uncomment
	// Issuer: "SELF/as",
	ClientID:     "CLIENT_ID",
	Scopes:       []string{"read"},
	Resource:     []string{"SELF/api"},
	Origins:      []string{"SELF"},
	ClientSecret: alf.SecretEnv("ALF_CLIENT_SECRET"),
})
`, "SELF", self), r.out)
}

// What is printed works, once the server is one that the user trusts and the secret is added.
func TestDiscoverCommand_TheConfigurationWorks(t *testing.T) {
	self := publishing(t, ordinaryDocuments())
	for name, trust := range map[string][]string{"by issuer": {"--issuer", self + "/as"}, "by token endpoint": {"--token-url", self + "/token"}} {
		t.Run(name, func(t *testing.T) {
			r := alfIn(t, invocation{}, append([]string{"discover", "--output", "file", "--client-id", "me", self + "/api"}, trust...)...)
			require.Equal(t, exit.OK, r.code, r.err)
			require.True(t, json.Valid([]byte(r.out)), r.out)
			require.NotContains(t, r.out+r.err, "UNTRUSTED")
			require.Contains(t, r.err, "server       "+self+"/as (configured)")
			file := filepath.Join(t.TempDir(), "alf.json")
			require.NoError(t, os.WriteFile(file, []byte(r.out), 0o600))
			secret := map[string]string{"ALF_CLIENT_SECRET": theSecret}
			require.Equal(t, result{out: "token-of-the-server\n"}, alfIn(t, invocation{env: secret}, "token", "--config", file))
			// And as flags.
			r = alfIn(t, invocation{}, append([]string{"discover", "-o", "flags", "--client-id", "me", self + "/api"}, trust...)...)
			args := strings.Fields(strings.ReplaceAll(r.out, "\\\n", " "))
			require.Equal(t, result{out: "token-of-the-server\n"}, alfIn(t, invocation{env: secret}, args[1:]...))
		})
	}
	// The file of a server that is not configured lacks it, and says so on standard error.
	r := alfIn(t, invocation{}, "discover", "--output", "file", self+"/api")
	require.NotContains(t, r.out, "issuer")
	require.Contains(t, r.err, "# UNTRUSTED")
	require.Contains(t, r.err, `#   "issuer": "`+self+`/as",`)
}

func TestDiscoverCommand_Errors(t *testing.T) {
	self := publishing(t, map[string]string{})
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		code int
		says string
	}{
		"no URL":          {nil, nil, exit.Usage, "URL is missing"},
		"two URLs":        {[]string{self, self}, nil, exit.Usage, "unexpected argument"},
		"not a URL":       {[]string{"api.example.com"}, nil, exit.Usage, "use https://host/path"},
		"a password":      {[]string{"https://u:p@api.example.com"}, nil, exit.Usage, "holds a name or password"},
		"another form":    {[]string{"--output", "yaml", self}, nil, exit.Usage, `--output is "yaml": use all, flags, file, go`},
		"by the variable": {[]string{self}, map[string]string{"ALF_DISCOVER_OUTPUT": "x"}, exit.Usage, "ALF_DISCOVER_OUTPUT is"},
		"misspelt":        {[]string{self}, map[string]string{"ALF_ISUER": "x"}, exit.Usage, "ALF_ISUER is not a setting"},
		"nothing there":   {[]string{"http://127.0.0.1:1/api"}, nil, exit.Unreachable, "http://127.0.0.1:1 cannot be reached"},
		"nothing said":    {[]string{self + "/nothing"}, nil, exit.API, "publishes nothing about itself"},
		"no such file":    {[]string{"--ca-file", "/nonexistent", self}, nil, exit.Usage, "--ca-file"},
	} {
		t.Run(name, func(t *testing.T) {
			r := alfIn(t, invocation{env: c.env}, append([]string{"discover"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.err)
			require.Contains(t, r.err, c.says)
		})
	}
	t.Run("an authority that is not trusted", func(t *testing.T) {
		s := secure(t, http.NotFoundHandler())
		r := alfIn(t, invocation{}, "discover", s.URL)
		require.Equal(t, exit.Unreachable, r.code)
		require.Contains(t, r.err, "by --ca-file")
		r = alfIn(t, invocation{}, "discover", "--ca-file", certificate(t, s), s.URL)
		require.Equal(t, exit.API, r.code, r.err)
	})
}

// What a server sends cannot control the terminal, nor pretend to be a line of alf.
func TestDiscoverCommand_HostileTexts(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("WWW-Authenticate", "Bearer error=\"\u202eevil\", resource_metadata=\"https://x/\u202e\"")
		if strings.HasPrefix(r.URL.Path, "/.well-known/oauth-authorization-server") {
			fmt.Fprintf(w, `{"issuer":"http://%s","token_endpoint":"http://%s/t","token_endpoint_auth_methods_supported":["\u001b[2J\nserver https://bank.example.com"]}`, r.Host, r.Host)
			return
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer s.Close()
	r := alfIn(t, invocation{}, "discover", s.URL)
	require.Equal(t, exit.OK, r.code)
	for line := range strings.Lines(r.out) {
		require.False(t, strings.HasPrefix(line, "server https"), line)
	}
	require.NotContains(t, r.out, "\u202e")
}

// alf check --api compares the configuration with what the API publishes.
func TestCheck_WhatTheAPIPublishes(t *testing.T) {
	documents := ordinaryDocuments()
	documents["/.well-known/oauth-protected-resource/mcp"] = `{"resource":"SELF/mcp","authorization_servers":["SELF/as"]}`
	documents["/.well-known/oauth-authorization-server/other"] = `{"issuer":"SELF/other","token_endpoint":"SELF/token"}`
	self := publishing(t, documents)
	for name, c := range map[string]struct {
		args   []string
		says   []string
		silent []string
	}{
		"all of it fits":   {[]string{"--issuer", self + "/as", "--resource", self + "/api", "--scope", "read"}, []string{"✓ published    " + self, "resource: " + self + "/api", "scopes: read, write"}, nil},
		"by the endpoint":  {[]string{"--token-url", self + "/token", "--resource", self + "/api", "--scope", "read"}, []string{"✓ published"}, nil},
		"another issuer":   {[]string{"--issuer", self + "/other", "--resource", self + "/api", "--scope", "read"}, []string{"! published", "--issuer is " + self + "/other, which is none of the API's authorization servers: " + self + "/as"}, nil},
		"another endpoint": {[]string{"--token-url", strings.Replace(self, "127.0.0.1", "localhost", 1) + "/token", "--resource", self + "/api", "--scope", "read"}, []string{"! published", "--token-url is not the token endpoint of any of the API's authorization servers"}, nil},
		"another audience": {[]string{"--issuer", self + "/as", "--resource", self + "/api", "--audience", "x", "--scope", "read"}, []string{"✓ published"}, nil},
		"another scope":    {[]string{"--issuer", self + "/as", "--resource", self + "/api", "--scope", "read admin"}, []string{"--scope has admin, which is not among the scopes that the API names: read write"}, nil},
		"a scope too few":  {[]string{"--issuer", self + "/as", "--resource", self + "/api"}, []string{"the API asks for the scope read, which --scope does not have"}, nil},
		"an MCP server": {[]string{"--issuer", self + "/as", "--resource", self + "/api", "--scope", "read", "--api", self + "/mcp"}, []string{
			"looks like an MCP server (its path has mcp in it), which requires --resource with exactly its own address", "remedy: set --resource to " + self + "/mcp",
		}, nil},
		"nothing published": {[]string{"--issuer", self + "/as", "--resource", self + "/api", "--api", self + "/broken"}, []string{"✓ published    nothing that is known here"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := alfIn(t, invocation{env: map[string]string{"ALF_CLIENT_ID": "me", "ALF_CLIENT_SECRET": theSecret, "ALF_ALLOW_HTTP": "localhost"}},
				append([]string{"check", "--api", self + "/api"}, c.args...)...)
			for _, part := range c.says {
				require.Contains(t, r.out, part, r.err)
			}
		})
	}
	// A resource that differs.
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/token":
			io.WriteString(w, `{"access_token":"token-of-the-server","token_type":"Bearer"}`)
		case strings.HasPrefix(r.URL.Path, "/.well-known/oauth-protected-resource"):
			fmt.Fprintf(w, `{"resource":"%s/api"}`, s.URL)
		}
	}))
	defer s.Close()
	r := alfIn(t, invocation{env: map[string]string{"ALF_CLIENT_ID": "me", "ALF_CLIENT_SECRET": theSecret}}, "check", "--token-url", s.URL+"/token", "--api", s.URL+"/api", "--audience", "https://x")
	require.Equal(t, exit.OK, r.code, r.out)
	require.Contains(t, r.out, "--resource or --audience is https://x, and the API calls itself "+s.URL+"/api")
}
