#!/usr/bin/env bash
# Software:    github.com/prometheus/common v0.74.0 (the HTTP client of Prometheus, Alertmanager and others, with oauth2)
# Guess:       client_secret_file is read when a token is asked for. A token that was had with the old secret is used until it
#              expires, and what happens to the file meanwhile does not matter.
# Happens:     the file is read for each request to the API. Without it, or while it cannot be read, every request fails, with an
#              hour left on the token. If it has changed, the token is thrown away: a file that is empty for the moment between
#              being opened and written has a token asked for with an empty secret.
# Consequence: a secret that is written in place fails scrapes, and shows the issuer failed logins, which it may count. Rotate with
#              a rename, from a file on the same file system. A client that reads a secret from a file should keep what it
#              has while the file is away or empty.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/prometheus/common/config"
)

func main() {
	var secrets []string
	served := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			served++
			return
		}
		_, secret, _ := r.BasicAuth()
		secrets = append(secrets, secret)
		w.Header().Set("Content-Type", "application/json")
		if secret != "one" && secret != "two" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client"}`)
			return
		}
		fmt.Fprint(w, `{"access_token":"token","token_type":"Bearer","expires_in":3600}`)
	}))
	write := func(secret string) {
		if err := os.WriteFile("secret", []byte(secret), 0o600); err != nil {
			panic(err)
		}
	}
	write("one")
	client, err := config.NewClientFromConfig(config.HTTPClientConfig{
		OAuth2: &config.OAuth2{ClientID: "prometheus", ClientSecretFile: "secret", TokenURL: server.URL + "/token"},
	}, "probe")
	if err != nil {
		panic(err)
	}
	get := func(what string) (int, error) {
		before := len(secrets)
		res, err := client.Get(server.URL + "/metrics")
		text := "served"
		if err == nil {
			res.Body.Close()
		} else {
			text = strings.SplitN(err.Error(), "/metrics\": ", 2)[1]
			text = strings.ReplaceAll(text, "\n", " ")
		}
		fmt.Printf("%-36s secrets sent: %q; %s\n", what, secrets[before:], text)
		return len(secrets) - before, err
	}
	a, err1 := get("first request:")
	b, err2 := get("second:")
	os.Rename("secret", "elsewhere")
	c, err3 := get("the file is away:")
	os.Rename("elsewhere", "secret")
	d, err4 := get("back again:")
	write("")
	e, err5 := get("opened, not yet written:")
	write("two")
	f, err6 := get("written:")
	if a != 1 || b != 0 || c != 0 || d != 0 || e == 0 || f != 1 || err1 != nil || err2 != nil || err3 == nil || err4 != nil || err5 == nil || err6 != nil {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/prometheus/common@v0.74.0
echo "Guess:   a good token does not need the secret's file."
echo "Happens: each request reads it; away, it fails them, and empty, it is a login without a secret (prometheus/common v0.74.0, 2026-11)."
timeout 100 go run .
