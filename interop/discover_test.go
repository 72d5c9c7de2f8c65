package interop

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/mcp"
	"github.com/alf-go/alf/interop/oidcprovider"
	"github.com/alf-go/alf/interop/sidecar"
)

// buildProgram builds the command alf.
func buildProgram(t *testing.T) string {
	path, err := sidecar.Build(t.Context(), "..", t.TempDir())
	require.NoError(t, err)
	return path
}

// TestDiscover has "alf discover" print a configuration for each server, with which "alf token" gets a token once the
// secret is added. A server that is known by its token endpoint is configured as that. One that has metadata is found
// by way of an API that names it (RFC 9728): it is printed as untrusted, and the test trusts it.
func TestDiscover(t *testing.T) {
	alf := buildProgram(t)
	for _, s := range servers {
		t.Run(s.folder, func(t *testing.T) {
			t.Parallel()
			lab.Require(t, s.folder, s.missing())
			server, err := s.make(t.TempDir())
			require.NoError(t, err)
			t.Cleanup(server.Stop)
			require.NoError(t, server.Start(t.Context(), false))
			tried := 0
			for _, c := range server.Cases() {
				cfg := c.Config()
				if cfg.ClientSecret == nil || !lab.Selected(s.folder, c.Name) {
					continue
				}
				tried++
				t.Run(c.Name, func(t *testing.T) { tryDiscovered(t, alf, c, cfg) })
			}
			require.NotZero(t, tried)
		})
	}
}

// TestDiscover_MCP has "alf discover" find out by itself what a server of the Model Context Protocol wants: the issuer,
// which the test trusts, the resource and the scope. Its tokens open the server.
func TestDiscover_MCP(t *testing.T) {
	lab.Require(t, "mcp", mcp.Missing())
	program := buildProgram(t)
	auth, err := oidcprovider.New(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(auth.Stop)
	auth.SetLifetime(long)
	require.NoError(t, auth.Start(t.Context(), false))
	for _, sdk := range []mcp.SDK{mcp.V1, mcp.V2} {
		t.Run(sdk.Package, func(t *testing.T) {
			server, err := mcp.Start(t.Context(), sdk, auth, mcp.Options{})
			require.NoError(t, err)
			t.Cleanup(server.Close)
			for _, c := range auth.Cases() {
				if c.Name != "client_secret_basic" && c.Name != "client_secret_post, discovery" {
					continue
				}
				t.Run(c.Name, func(t *testing.T) {
					cfg := c.Config()
					ca := authority(t, cfg)
					file, said := runProgram(t, program, cfg, "discover", "--output", "file", "--client-id", cfg.ClientID,
						"--auth-style", cfg.AuthStyle.String(), "--ca-file", ca, server.Endpoint())
					require.NotContains(t, file, "issuer")
					require.Contains(t, said, "it looks like an MCP server")
					require.NotContains(t, said, "!")
					comment := untrusted.FindStringSubmatch(said)
					require.NotNil(t, comment, said)
					require.Contains(t, comment[1], auth.Issuer())
					path := filepath.Join(t.TempDir(), "alf.json")
					require.NoError(t, os.WriteFile(path, []byte(strings.Replace(file, "{\n", "{\n"+comment[1]+"\n", 1)), 0o600))
					token, _ := runProgram(t, program, cfg, "token", "--config", path, "--ca-file", ca)
					requireOpens(t, server.Endpoint(), strings.TrimSpace(token))
				})
			}
		})
	}
}

// requireOpens expects that an MCP server takes a token.
func requireOpens(t *testing.T, endpoint, token string) {
	const hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},` +
		`"clientInfo":{"name":"test","version":"1"}}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, strings.NewReader(hello))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// untrusted finds the issuer in the comment of a configuration file.
var untrusted = regexp.MustCompile(`(?m)^#   ("issuer": ".*",)$`)

// runProgram runs alf, which knows the secret of a configuration for "alf token" alone, and never prints it.
func runProgram(t *testing.T, program string, cfg alf.Config, args ...string) (stdout, stderr string) {
	var out, errors bytes.Buffer
	command := exec.CommandContext(t.Context(), program, args...)
	command.Stdout, command.Stderr = &out, &errors
	secret, err := cfg.ClientSecret(t.Context())
	require.NoError(t, err)
	command.Env = []string{"HOME=" + t.TempDir()}
	if args[0] == "token" {
		command.Env = append(command.Env, "ALF_CLIENT_SECRET="+secret)
	}
	err = command.Run()
	if code := command.ProcessState.ExitCode(); args[0] == "token" || code != 5 { // 5: the API publishes nothing
		require.NoError(t, err, errors.String())
	}
	require.NotContains(t, out.String()+errors.String(), secret)
	return out.String(), errors.String()
}

func tryDiscovered(t *testing.T, program string, c lab.Case, cfg alf.Config) {
	run := func(args ...string) (stdout, stderr string) { return runProgram(t, program, cfg, args...) }
	args := []string{"discover", "--output", "file", "--client-id", cfg.ClientID, "--auth-style", cfg.AuthStyle.String()}
	for _, scope := range cfg.Scopes {
		args = append(args, "--scope", scope)
	}
	for _, audience := range cfg.Audience {
		args = append(args, "--audience", audience)
	}
	if cfg.DPoP != nil {
		args = append(args, "--dpop")
	}
	var trust []string
	if ca := authority(t, cfg); ca != "" {
		trust = []string{"--ca-file", ca}
	}
	args = append(args, trust...)
	var file string
	if cfg.Issuer == "" {
		args = append(args, "--token-url", cfg.TokenURL)
		for _, resource := range cfg.Resource {
			args = append(args, "--resource", resource)
		}
		file, _ = run(append(args, c.API)...)
	} else {
		front := naming(t, cfg)
		var said string
		file, said = run(append(args, front)...)
		require.NotContains(t, file, "issuer")
		comment := untrusted.FindStringSubmatch(said)
		require.NotNil(t, comment, said)
		file = strings.Replace(file, "{\n", "{\n"+comment[1]+"\n", 1)
	}
	var read map[string]any
	require.NoError(t, json.Unmarshal([]byte(file), &read), file)
	// What no API publishes.
	if len(cfg.Params) > 0 {
		read["param"] = cfg.Params
	}
	if cfg.TokenType != "" {
		read["token_type"], read["auth_scheme"] = cfg.TokenType, cfg.AuthScheme
	}
	delete(read, "origin")
	if cfg.Issuer != "" && read["resource"] != nil && len(cfg.Resource) == 0 {
		delete(read, "resource") // that of the API of this test, which the server does not know
	}
	content, err := json.Marshal(read)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "alf.json")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	token, _ := run(append([]string{"token", "--config", path}, trust...)...)
	require.NotEmpty(t, strings.TrimSpace(token))
}

// naming is an API that names the issuer of a configuration.
func naming(t *testing.T, cfg alf.Config) string {
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api":
			w.Header().Set("WWW-Authenticate", fmt.Sprintf("Bearer resource_metadata=%q", s.URL+"/document"))
			w.WriteHeader(http.StatusUnauthorized)
		case "/document":
			resource := s.URL + "/api"
			_ = json.NewEncoder(w).Encode(map[string]any{"resource": resource, "authorization_servers": []string{cfg.Issuer}})
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/api"
}

// authority writes the authority that a configuration trusts, which is the end of the chain that it verifies; "" if the
// server speaks plain http.
func authority(t *testing.T, cfg alf.Config) string {
	address := cfg.TokenURL
	if address == "" {
		address = cfg.Issuer
	}
	u, err := url.Parse(address)
	require.NoError(t, err)
	if u.Scheme != "https" {
		return ""
	}
	conn, err := tls.Dial("tcp", u.Host, cfg.TokenRequest.TLS)
	require.NoError(t, err)
	defer conn.Close()
	chain := conn.ConnectionState().VerifiedChains[0]
	path := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: chain[len(chain)-1].Raw}
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	return path
}
