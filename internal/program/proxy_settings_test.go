package program

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// All that is wrong is reported at once, in the order of the file, whatever found it.
func TestX2_AllProblemsAtOnceInTheOrderOfTheFile(t *testing.T) {
	file := proxyFolder(t, `{
  "routes": [
    {"path": "orders", "upstream": "http://user:`+theSecret+`@api.example.com", "methods": ["get"]},
    {"tenant": "not-known-at-all", "upstream": "https://api.example.com"}
  ],
  "drain_time": "soon",
  "client": {
    "client_id": 7,
    "client_secret": "`+theSecret+`",
    "toke_url": "x"
  },
  "listeners": [{"address": "0.0.0.0:80"}, {"mode": "777"}]
}`)
	for _, command := range [][]string{{"proxy"}, {"proxy", "validate"}, {"proxy", "route", "/x"}} {
		r := alfIn(t, invocation{}, append(command, "--config", file)...)
		require.Equal(t, exit.Usage, r.code)
		var at []string
		for line := range strings.Lines(r.err) {
			rest, found := strings.CutPrefix(line, "alf: "+file+":")
			require.True(t, found, line)
			position, _, _ := strings.Cut(rest, ": ")
			at = append(at, position)
		}
		require.Equal(t, []string{"3:14", "3:36", "3:99", "4:16", "6:17", "8:18", "9:5", "10:5", "12:29", "12:44", "12:53"}, at, r.err)
	}
}

// A file that is not there, or is none, is an error of its own.
func TestX2_ConfigurationThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for path, says := range map[string]string{
		filepath.Join(dir, "gone"): "alf: configuration of the proxy: open " + filepath.Join(dir, "gone") + ": no such file or directory\n",
		dir:                        "alf: configuration of the proxy: ",
	} {
		r := alfIn(t, invocation{}, "proxy", "--config", path)
		require.Equal(t, exit.Usage, r.code)
		require.True(t, strings.HasPrefix(r.err, says), r.err)
	}
	r := alfIn(t, invocation{}, "proxy")
	require.Equal(t, exit.Usage, r.code)
	require.Equal(t, "alf: --config is missing: name the proxy's configuration file, or describe one route by --listen, --upstream and the settings of a client\n", r.err)
	r = alfIn(t, invocation{}, "proxy", "validat")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, `there is no command "validat": did you mean "validate"?`)
	r = alfIn(t, invocation{}, "proxy", "route", "--conig", "x")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "there is no flag --conig: did you mean --config?")
}

// What has no effect is not ignored.
func TestX2_SettingsBesideAFileAreRefused(t *testing.T) {
	file := proxyFolder(t, soundProxy)
	env := map[string]string{"ALF_CLIENT_SECRET": theSecret, "ALF_ISSUER": "https://x", "ALF_CONFIG": "/x", "ALF_PROXY_CONFIG": file, "ALF_PROXY_PATHS": "x"}
	r := alfIn(t, invocation{env: env}, "proxy", "route", "/orders", "--upstream", "https://x", "--scope", "a")
	require.Equal(t, exit.Usage, r.code)
	require.Equal(t, []string{
		"alf: ALF_PROXY_PATHS is not a setting: did you mean ALF_PROXY_PATH?",
		"alf: --upstream: has no effect beside ALF_PROXY_CONFIG: remove it, and write what it says into the file",
		"alf: ALF_ISSUER: has no effect beside ALF_PROXY_CONFIG: remove it, and write what it says into the file",
		"alf: ALF_CLIENT_SECRET: has no effect beside ALF_PROXY_CONFIG: remove it, and write what it says into the file",
		"alf: --scope: has no effect beside ALF_PROXY_CONFIG: remove it, and write what it says into the file",
		"alf: ALF_CONFIG: has no effect beside ALF_PROXY_CONFIG: remove it, and write what it says into the file",
	}, strings.Split(strings.TrimSpace(r.err), "\n"))
}

// What works but is seldom meant is a warning.
func TestX2_Warnings(t *testing.T) {
	i := newIDP(t)
	api := serve(t, func(http.ResponseWriter, *http.Request) {})
	file := proxyFolder(t, fmt.Sprintf(`{
  "listeners": [{"address": "0.0.0.0:8480", "allow_any_address": true, "allow_local_users": true},
    {"address": "127.0.0.1:8490", "caller_secret_file": "caller"}],
  "client": {"token_url": %q, "client_id": "me", "client_secret_file": "secret", "scope": "a,b"},
  "tenants": {"acme": {}},
  "routes": [{"upstream": %q}]
}`, i.URL, api))
	require.NoError(t, os.Chmod(filepath.Join(filepath.Dir(file), "caller"), 0o644))
	r := alfIn(t, invocation{}, "proxy", "validate", "--config", file)
	require.Equal(t, exit.OK, r.code, r.err)
	require.Equal(t, strings.ReplaceAll(`alf: FILE:2:29: listeners[0].address: every machine that can reach it may use the tokens: set caller_secret_file
alf: FILE:3:57: listeners[1].caller_secret_file: every user of this machine can read the file: chmod o-r it
alf: FILE:4:X: client.scope: "a,b" is requested as one scope, because a comma may be part of one: separate scopes by spaces
alf: FILE:5:23: tenants.acme: no route names it: remove it, or name it by tenant in a route
`, "FILE", file), regexpScope.ReplaceAllString(r.err, ":4:X: client.scope"))
}

// regexpScope is a place that depends on the port of a server.
var regexpScope = regexp.MustCompile(`:4:\d+: client.scope`)

// The example of docs/proxy.md is a valid file, and its requests go where the page says.
func TestX1_TheExampleOfTheDocumentIsValid(t *testing.T) {
	content, err := os.ReadFile("../../docs/proxy.md")
	require.NoError(t, err)
	page := string(content)
	_, example, _ := strings.Cut(page, "```json\n")
	example, _, _ = strings.Cut(example, "```")
	file := proxyFolder(t, example)
	require.NoError(t, os.WriteFile(filepath.Join(filepath.Dir(file), "caller.secret"), []byte("0123456789abcdef"), 0o600))
	r := alfIn(t, invocation{}, "proxy", "route", "--config", file, "-X", "POST", "http://localhost/orders/17?a=b")
	require.Equal(t, exit.OK, r.code, r.err)
	require.Contains(t, page, strings.ReplaceAll(r.out, file, "proxy.json"))
}
