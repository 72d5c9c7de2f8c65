package discovery

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// plainHTTP is about the addresses alone: the recorded servers are on loopback.
var plainHTTP = []string{"the API is plain http"}

// captured is what each document is understood as.
var captured = map[string]struct {
	scheme string   // of its challenge
	scopes []string // of its document
	token  string   // its token endpoint
	method string   // how a client authenticates
	found  []string // in the order of the findings
}{
	"apache":       {scheme: "Bearer", method: "client_secret_basic"},
	"nodeoauth":    {scheme: "Bearer", method: "client_secret_basic", found: plainHTTP},
	"mcp-go-sdk":   {scheme: "Bearer", scopes: []string{"stock:read"}, method: "client_secret_basic", found: plainHTTP},
	"mcp-sdk-1":    {scheme: "Bearer", scopes: []string{"stock:read"}, method: "client_secret_basic", found: plainHTTP},
	"mcp-server-2": {scheme: "Bearer", scopes: []string{"stock:read"}, method: "client_secret_basic", found: plainHTTP},
	"gooidc":       {token: "https://auth.example.com/token", method: "client_secret_basic"},
	"oidcprovider": {token: "https://auth.example.com/token", method: "client_secret_basic"},
	// It lists "none" alone, and takes any method.
	"oauth2mock": {token: "http://auth.example.com/token", method: "client_secret_basic"},
	"glewlwyd":   {token: "http://auth.example.com//api/oidc/token", method: "client_secret_basic", found: []string{"does not list the client credentials grant"}},
}

// What servers publish, byte for byte except for their addresses: interop/record_test.go captures it, and compares it
// with the servers themselves.
func TestDiscovery_Captured(t *testing.T) {
	files, err := filepath.Glob("testdata/recorded/*.json")
	require.NoError(t, err)
	require.Len(t, files, len(captured))
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var r struct{ Software, API, Challenge, Resource, Issuer, Server string }
		require.NoError(t, json.Unmarshal(content, &r))
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			want, known := captured[name]
			require.True(t, known)
			require.NotContains(t, string(content), "127.0.0.1")
			require.Regexp(t, `\d+\.\d+`, r.Software, "name and version")
			report := &Report{API: parsed(t, "https://api.example.com/api")}
			if r.API != "" {
				report.API = parsed(t, r.API)
				report.Challenges = Challenges(http.Header{"Www-Authenticate": {r.Challenge}})
				require.Len(t, report.Challenges, 1)
				require.True(t, report.Challenges[0].Is(want.scheme))
			}
			if r.Resource != "" {
				locations, found := ResourceLocations(report.API, report.Challenges)
				require.Empty(t, found)
				require.Equal(t, Challenged, locations[0].Why)
				require.Contains(t, r.Challenge, locations[0].URL)
				document, err := ParseResource([]byte(r.Resource))
				require.NoError(t, err)
				require.Equal(t, r.API, document.ID, "exactly, as RFC 9728 section 3.3 has it")
				require.Equal(t, []string{"https://auth.example.com"}, document.Servers)
				require.Equal(t, want.scopes, document.Scopes)
				require.Empty(t, document.Findings)
				report.Resource, report.At = document, locations[0]
			}
			if r.Server != "" {
				s, err := ParseServer([]byte(r.Server), r.Issuer)
				require.NoError(t, err)
				require.Equal(t, r.Issuer, s.Issuer)
				require.Equal(t, want.token, s.TokenEndpoint)
				report.Servers = append(report.Servers, s)
			}
			found := report.Findings(Configured{})
			require.Len(t, found, len(want.found), "%v", found)
			for i, cause := range want.found {
				require.Contains(t, found[i].Cause, cause)
			}
			require.Equal(t, want.method, report.method(Configured{}))
		})
	}
}
