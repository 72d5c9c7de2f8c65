#!/usr/bin/env bash
# Software:    the OpenTelemetry Collector's oauth2clientauthextension v0.150.0, as its factory sets it up
# Guess:       expiry_buffer, five minutes if it is not set, is how long before its expiry a token is refreshed: shorter tokens are
#              refreshed at once and otherwise used, and while a refresh fails, the token that is still good is.
# Happens:     within the buffer a token is not used at all. One of four minutes costs a token request for each export. With the
#              token endpoint down, exports fail although the token is good for minutes yet.
# Consequence: an outage of the issuer begins five minutes early for a collector; and an issuer that gives tokens of five minutes
#              or less has each export as a token request, and may limit it. Set expiry_buffer to seconds. A refresh
#              ahead of time and the end of use are two times, and must not be one setting.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oauth2clientauthextension"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.opentelemetry.io/collector/extension/extensiontest"
)

func main() {
	ctx := context.Background()
	requests, lifetime, down := 0, 0, false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			return // an export
		}
		if requests++; down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"access_token":"token","token_type":"Bearer","expires_in":%d}`, lifetime)
	}))
	factory := oauth2clientauthextension.NewFactory()
	// exports makes five, and one more with the token endpoint down.
	exports := func(seconds int, buffer time.Duration) (int, error) {
		config := factory.CreateDefaultConfig().(*oauth2clientauthextension.Config)
		config.ClientID, config.ClientSecret, config.TokenURL = "collector", "secret", server.URL+"/token"
		if buffer != 0 {
			config.ExpiryBuffer = buffer
		}
		extension, err := factory.Create(ctx, extensiontest.NewNopSettings(factory.Type()), config)
		if err == nil {
			err = extension.Start(ctx, componenttest.NewNopHost())
		}
		if err != nil {
			panic(err)
		}
		transport, err := extension.(extensionauth.HTTPClient).RoundTripper(http.DefaultTransport)
		if err != nil {
			panic(err)
		}
		client := &http.Client{Transport: transport}
		requests, lifetime, down = 0, seconds, false
		for range 5 {
			res, err := client.Post(server.URL+"/v1/traces", "application/json", strings.NewReader("{}"))
			if err != nil {
				panic(err)
			}
			res.Body.Close()
		}
		asked := requests
		down = true
		_, err = client.Post(server.URL+"/v1/traces", "application/json", strings.NewReader("{}"))
		outage := "sent"
		if err != nil {
			outage = "not sent"
		}
		fmt.Printf("expires_in %d, expiry_buffer %4v: 5 exports, %d token requests; with the endpoint down, the next one is %s\n",
			seconds, config.ExpiryBuffer, asked, outage)
		return asked, err
	}
	short, lost := exports(240, 0)
	long, sent := exports(600, 0)
	set, sent2 := exports(240, 10*time.Second)
	if short != 5 || lost == nil || long != 1 || sent != nil || set != 1 || sent2 != nil {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/open-telemetry/opentelemetry-collector-contrib/extension/oauth2clientauthextension@v0.150.0 \
  go.opentelemetry.io/collector/component/componenttest@v0.150.0 go.opentelemetry.io/collector/extension/extensiontest@v0.150.0
echo "Guess:   within the buffer a token is refreshed, and used until it expires."
echo "Happens: it is not used: each export asks, and fails in an outage (oauth2clientauthextension v0.150.0, 2026-11)."
timeout 100 go run .
