#!/usr/bin/env bash
# Software:    github.com/AzureAD/microsoft-authentication-library-for-go v1.10.1 (MSAL for Go)
# Guess:       AcquireTokenByCredential, which caches, asks the server once for five calls within the token's lifetime; and what
#              it asks for are the scopes it was given.
# Happens:     a token of less than five minutes is never taken from the cache: five calls, five token requests. And each asks
#              for openid, offline_access and profile too, which mean nothing without a user.
# Consequence: a server that issues short tokens, or that refuses scopes it does not know, takes another client where MSAL
#              fails: scopes must be sent as they were given, and a margin be a part of the lifetime, not five minutes.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

func main() {
	requests, lifetime, scope := 0, 0, ""
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		base := "https://" + r.Host + "/tenant"
		if strings.Contains(r.URL.Path, "openid-configuration") {
			json.NewEncoder(w).Encode(map[string]string{"issuer": base + "/v2.0", "token_endpoint": base + "/token",
				"authorization_endpoint": base + "/authorize"})
			return
		}
		requests++
		scope = r.PostFormValue("scope")
		json.NewEncoder(w).Encode(map[string]any{"access_token": fmt.Sprint("token", requests), "token_type": "Bearer", "expires_in": lifetime})
	})
	server.StartTLS()
	secret, _ := confidential.NewCredFromSecret("secret")
	counts := map[int]int{}
	for _, lifetime = range []int{240, 360} {
		client, err := confidential.New(server.URL+"/tenant", "orders", secret,
			confidential.WithHTTPClient(server.Client()), confidential.WithInstanceDiscovery(false))
		if err != nil {
			panic(err)
		}
		before := requests
		for range 5 {
			if _, err := client.AcquireTokenByCredential(context.Background(), []string{"api://stock/.default"}); err != nil {
				panic(err)
			}
		}
		counts[lifetime] = requests - before
		fmt.Printf("expires_in %d: 5 calls, %d token requests, with scope=%q\n", lifetime, counts[lifetime], scope)
	}
	if counts[240] != 5 || counts[360] != 1 || !strings.Contains(scope, "offline_access") {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential@v1.10.1
echo "Guess:   one token request, for the scope that was given."
echo "Happens: five, if the token lives for four minutes, and for three scopes more (MSAL for Go v1.10.1, 2026-11)."
timeout 200 go run .
