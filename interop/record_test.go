package interop

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/gooidc"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/mcp"
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

// TestDiscover_WhatIsRecordedIsWhatServersPublish compares, or with -record writes.
func TestDiscover_WhatIsRecordedIsWhatServersPublish(t *testing.T) {
	for _, s := range []struct {
		folder, software string
		missing          func() string
		make             func(dir string) (lab.Server, error)
	}{
		{"gooidc", "luikyv/go-oidc v0.25.0", nothing, func(string) (lab.Server, error) { return gooidc.New() }},
		{"oidcprovider", "oidc-provider 9.13.3", oidcprovider.Missing, func(dir string) (lab.Server, error) { return oidcprovider.New(dir) }},
	} {
		t.Run(s.folder, func(t *testing.T) {
			lab.Require(t, s.folder, s.missing())
			server, err := s.make(t.TempDir())
			require.NoError(t, err)
			t.Cleanup(server.Stop)
			require.NoError(t, server.Start(t.Context(), false))
			for _, c := range server.Cases() {
				if cfg := c.Config(); cfg.Issuer != "" && cfg.Certificate == nil {
					compareRecorded(t, s.folder, metadataOf(t, s.software, cfg))
					return
				}
			}
			t.Fatal("it has no issuer")
		})
	}
	t.Run("mcp", func(t *testing.T) {
		lab.Require(t, "mcp", mcp.Missing())
		auth, err := oidcprovider.New(t.TempDir())
		require.NoError(t, err)
		t.Cleanup(auth.Stop)
		require.NoError(t, auth.Start(t.Context(), false))
		for name, sdk := range map[string]mcp.SDK{"mcp-sdk-1": mcp.V1, "mcp-server-2": mcp.V2} {
			server, err := mcp.Start(t.Context(), sdk, auth, mcp.Options{})
			require.NoError(t, err)
			t.Cleanup(server.Close)
			compareRecorded(t, name, resourceOf(t, sdk.Package, server.Endpoint()))
		}
	})
}

// metadataOf reads the metadata of a configuration's issuer.
func metadataOf(t *testing.T, software string, cfg alf.Config) recorded {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: cfg.TokenRequest.TLS}}
	defer client.CloseIdleConnections()
	resp, err := client.Get(strings.TrimRight(cfg.Issuer, "/") + "/.well-known/openid-configuration")
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return recorded{Software: software, Issuer: cfg.Issuer, Server: string(body)}
}

// resourceOf reads the challenge of an API, and the document that it names.
func resourceOf(t *testing.T, software, api string) recorded {
	resp, err := http.Post(api, "application/json", strings.NewReader("{}"))
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
	r := recorded{Software: software, API: api, Challenge: resp.Header.Get("WWW-Authenticate")}
	named := regexp.MustCompile(`resource_metadata="([^"]*)"`).FindStringSubmatch(r.Challenge)
	require.NotNil(t, named, r.Challenge)
	resp, err = http.Get(named[1])
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
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(before), string(content), "run go test . -run Recorded -record, and look at the difference")
}
