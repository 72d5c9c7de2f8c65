package lab

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// variable selects what is run.
const variable = "INTEROP_SERVERS"

// core is one server of each kind: a library in this process, one for Node, a daemon and a resource server. Of a server
// with many rows it has those that differ in the client.
var core = map[string][]string{
	"fosite":            nil,
	"nodeoauth":         nil,
	"glewlwyd":          {"client_secret_basic, raw"},
	"nginx with njs":    nil,
	"nginx and HAProxy": nil,
	"clients":           {"curl"},
	"oidcprovider": {
		"client_secret_post, discovery", "private_key_jwt, ES256, discovery", "tls_client_auth, discovery",
		"private_key_jwt, EdDSA, discovery, DPoP, nonces",
	},
}

// Selected reports whether this run includes a server, or one of its rows. The environment variable INTEROP_SERVERS
// selects: "all", the default, or "core", which is one server of each kind.
func Selected(server string, row ...string) bool {
	switch selection := os.Getenv(variable); selection {
	case "", "all":
		return true
	case "core":
		rows, included := core[server]
		return included && (len(row) == 0 || rows == nil || slices.Contains(rows, strings.Join(row, "")))
	default:
		panic(fmt.Sprintf("%s is %q: expected all or core", variable, selection))
	}
}

// Require skips a test whose server this run does not include or that is not installed. In CI, which sets CI, a server
// that is not installed fails the test. missing is what has to be installed; "" if nothing.
func Require(t *testing.T, server, missing string) {
	t.Helper()
	switch {
	case !Selected(server):
		t.Skipf("%s is not part of this run: %s is %s", server, variable, os.Getenv(variable))
	case missing == "":
	case os.Getenv("CI") != "":
		t.Fatal(missing)
	default:
		t.Skip(missing)
	}
}
