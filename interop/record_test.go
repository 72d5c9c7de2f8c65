package interop

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/apache"
	"github.com/alf-go/alf/interop/glewlwyd"
	"github.com/alf-go/alf/interop/gooidc"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/mcp"
	"github.com/alf-go/alf/interop/nodeoauth"
	"github.com/alf-go/alf/interop/oauth2mock"
	"github.com/alf-go/alf/interop/oidcprovider"
)

var record = flag.Bool("record", false, "write what the servers publish to internal/discovery/testdata/recorded")

// recorded is what a server publishes, byte for byte, except that its port is replaced. Tests of internal/discovery
// read it.
type recorded struct {
	// Software is its name and version.
	Software string `json:"software"`
	// API, Challenge and Resource are of an API: its address, its WWW-Authenticate without a token, and its protected
	// resource metadata (RFC 9728).
	API       string `json:"api,omitempty"`
	Challenge string `json:"challenge,omitempty"`
	Resource  string `json:"resource,omitempty"`
	// Issuer and Server are of an authorization server: its issuer, and its metadata (RFC 8414, OpenID Connect).
	Issuer string `json:"issuer,omitempty"`
	Server string `json:"server,omitempty"`
}

// TestDiscover_WhatIsRecordedIsWhatServersPublish compares, or with -record writes. fosite, osin, go-oauth2, Doorkeeper
// and nginx are not in it: what is published there is code of these tests.
func TestDiscover_WhatIsRecordedIsWhatServersPublish(t *testing.T) {
	ofConfiguration := func(cfg alf.Config) string { return cfg.Issuer }
	for _, s := range []struct {
		folder  string
		missing func() string
		make    func(dir string) (lab.Server, error)
		issuer  func(alf.Config) string // "" if a configuration does not know it
	}{
		{"gooidc", nothing, func(string) (lab.Server, error) { return gooidc.New() }, ofConfiguration},
		{"oidcprovider", oidcprovider.Missing, func(dir string) (lab.Server, error) { return oidcprovider.New(dir) }, ofConfiguration},
		{"oauth2mock", oauth2mock.Missing, func(dir string) (lab.Server, error) { return oauth2mock.New(dir) }, func(cfg alf.Config) string {
			return strings.TrimSuffix(cfg.TokenURL, "/token")
		}},
		{"glewlwyd", glewlwyd.Missing, func(dir string) (lab.Server, error) { return glewlwyd.New(dir) }, func(cfg alf.Config) string {
			return strings.TrimSuffix(cfg.TokenURL, "/token")
		}},
	} {
		t.Run(s.folder, func(t *testing.T) {
			lab.Require(t, s.folder, s.missing())
			server, err := s.make(t.TempDir())
			require.NoError(t, err)
			t.Cleanup(server.Stop)
			require.NoError(t, server.Start(t.Context(), false))
			for _, c := range server.Cases() {
				cfg := c.Config()
				if issuer := s.issuer(cfg); issuer != "" && cfg.Certificate == nil {
					compareRecorded(t, s.folder, metadataOf(t, server.Name(), issuer, cfg.TokenRequest.TLS))
					return
				}
			}
			t.Fatal("it has no issuer")
		})
	}
	t.Run("nodeoauth", func(t *testing.T) {
		lab.Require(t, "nodeoauth", nodeoauth.Missing())
		server, err := nodeoauth.New(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(server.Stop)
		require.NoError(t, server.Start(t.Context(), false))
		compareRecorded(t, "nodeoauth", challengeOf(t, server.Name(), server.Cases()[0].API, http.DefaultClient))
	})
	t.Run("apache", func(t *testing.T) {
		lab.Require(t, "Apache with mod_oauth2", cmp.Or(apache.Missing(), oidcprovider.Missing()))
		provider := startAuthority(t)
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: provider.RootCAs()}}}
		t.Cleanup(client.CloseIdleConnections)
		compareRecorded(t, "apache", challengeOf(t, apache.Version()+" with mod_oauth2", startApache(t, provider).url(string(apache.Opaque)), client))
	})
	t.Run("mcp", func(t *testing.T) {
		lab.Require(t, "mcp", mcp.Missing())
		provider := startAuthority(t)
		for name, sdk := range map[string]mcp.SDK{"mcp-sdk-1": mcp.V1, "mcp-server-2": mcp.V2} {
			server, err := mcp.Start(t.Context(), sdk, provider, mcp.Options{})
			require.NoError(t, err)
			t.Cleanup(server.Close)
			compareRecorded(t, name, resourceOf(t, sdk.Name(), server.Endpoint()))
		}
	})
	t.Run("mcp-go-sdk", func(t *testing.T) {
		if !lab.Selected("mcp") {
			t.Skip("not part of this run")
		}
		compareRecorded(t, "mcp-go-sdk", resourceOf(t, "github.com/modelcontextprotocol/go-sdk "+versionOf(t, "github.com/modelcontextprotocol/go-sdk"), goSDK(t)))
	})
}

// startAuthority starts an oidc-provider.
func startAuthority(t *testing.T) *oidcprovider.Server {
	s, err := oidcprovider.New(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	require.NoError(t, s.Start(t.Context(), false))
	return s
}

// goSDK serves the bearer middleware and the document of the Go SDK, and returns the URL that they are for.
func goSDK(t *testing.T) string {
	const document = "/.well-known/oauth-protected-resource/mcp"
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	refuse := func(context.Context, string, *http.Request) (*auth.TokenInfo, error) {
		return nil, auth.ErrInvalidToken
	}
	mux.Handle("/mcp", auth.RequireBearerToken(refuse, &auth.RequireBearerTokenOptions{
		ResourceMetadataURL: server.URL + document, Scopes: []string{"stock:read"},
	})(http.NotFoundHandler()))
	mux.Handle(document, auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: server.URL + "/mcp", AuthorizationServers: []string{"https://auth.example.com"}, ScopesSupported: []string{"stock:read"},
	}))
	return server.URL + "/mcp"
}

// versionOf is that of a module in this program.
func versionOf(t *testing.T, module string) string {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Version}}", module).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// metadataOf reads the metadata of an issuer.
func metadataOf(t *testing.T, software, issuer string, trust *tls.Config) recorded {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(strings.TrimRight(issuer, "/") + "/.well-known/openid-configuration")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return recorded{Software: software, Issuer: issuer, Server: string(body)}
}

// challengeOf reads the challenge of an API.
func challengeOf(t *testing.T, software, api string, client *http.Client) recorded {
	resp, err := client.Post(api, "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	require.Len(t, resp.Header.Values("WWW-Authenticate"), 1)
	return recorded{Software: software, API: api, Challenge: resp.Header.Get("WWW-Authenticate")}
}

// resourceOf reads the challenge of an API, and the document that it names.
func resourceOf(t *testing.T, software, api string) recorded {
	r := challengeOf(t, software, api, http.DefaultClient)
	named := regexp.MustCompile(`resource_metadata="([^"]*)"`).FindStringSubmatch(r.Challenge)
	require.NotNil(t, named, r.Challenge)
	resp, err := http.Get(named[1])
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	r.Resource = string(body)
	return r
}

// loopback is an address whose port is another one each time.
var loopback = regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`)

// compareRecorded compares what was read with the file, or writes it.
func compareRecorded(t *testing.T, name string, r recorded) {
	t.Helper()
	hosts := map[string]string{}
	for role, address := range map[string]string{"api.example.com": r.API, "auth.example.com": r.Issuer} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			hosts[u.Host] = role
		}
	}
	plain := func(text string) string {
		return loopback.ReplaceAllStringFunc(text, func(host string) string {
			if role := hosts[host]; role != "" {
				return role
			}
			return "auth.example.com" // which an API names
		})
	}
	for _, field := range []*string{&r.API, &r.Challenge, &r.Resource, &r.Issuer, &r.Server} {
		*field = plain(*field)
	}
	path := filepath.Join("..", "internal", "discovery", "testdata", "recorded", name+".json")
	content, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	content = append(content, '\n')
	if *record {
		require.NoError(t, os.WriteFile(path, content, 0o644))
		return
	}
	var before recorded
	was, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(was, &before))
	if before.Software != r.Software { // of Debian's packages there is whichever the machine has
		t.Logf("recorded from %s, and this is %s", before.Software, r.Software)
		before.Software = r.Software
	}
	require.Equal(t, before, r, "run go test . -run WhatIsRecorded -record, and look at the difference")
}
