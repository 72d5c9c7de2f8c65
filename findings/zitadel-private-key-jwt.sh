#!/usr/bin/env bash
# Software:    github.com/zitadel/oidc/v3 v3.52.0 with its example storage, go-jose v4.1.9
# Guess:       a server whose metadata list private_key_jwt in token_endpoint_auth_methods_supported, and client_credentials
#              in grant_types_supported, takes the one for the other.
# Happens:     its client_credentials grant looks at id and secret only. The assertion is not read: 401 {"error":"invalid_client"}.
# Consequence: the lists say what exists, not what goes together, so discovery cannot choose a method. After invalid_client
#              with an assertion, the advice should include "this grant may take secrets only".
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

// withKey is the example's storage, which knows the client's key as well.
type withKey struct {
	*storage.Storage
	key   *jose.JSONWebKey
	asked int
}

func (s *withKey) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	s.asked++
	return s.key, nil
}

func main() {
	server := httptest.NewServer(nil)
	issuer := server.URL + "/"
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	store := &withKey{Storage: storage.NewStorage(storage.NewUserStore(issuer)), key: &jose.JSONWebKey{Key: key.Public(), KeyID: "1"}}
	server.Config.Handler = exampleop.SetupServer(issuer, store,
		slog.New(slog.NewTextHandler(io.Discard, nil)), false)

	resp, err := http.Get(issuer + ".well-known/openid-configuration")
	if err != nil {
		panic(err)
	}
	var metadata struct {
		Endpoint string   `json:"token_endpoint"`
		Methods  []string `json:"token_endpoint_auth_methods_supported"`
		Grants   []string `json:"grant_types_supported"`
	}
	json.NewDecoder(resp.Body).Decode(&metadata)
	fmt.Println("methods:   ", metadata.Methods)
	fmt.Println("grants:    ", metadata.Grants)

	ask := func(form url.Values) string {
		form.Set("grant_type", "client_credentials")
		resp, err := http.PostForm(metadata.Endpoint, form)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode == 200 {
			body = []byte("(a token)")
		}
		return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(string(body)))
	}
	signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	now := time.Now()
	assertion, _ := jwt.Signed(signer).Claims(map[string]any{"iss": "sid1", "sub": "sid1", "aud": issuer,
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).Serialize()
	secret := ask(url.Values{"client_id": {"sid1"}, "client_secret": {"verysecret"}})
	alone := ask(url.Values{"client_id": {"sid1"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}})
	fmt.Println("secret:    ", secret)
	fmt.Println("assertion: ", alone, "- the storage was asked for the client's key", store.asked, "times")
	if !slices.Contains(metadata.Methods, "private_key_jwt") || !slices.Contains(metadata.Grants, "client_credentials") ||
		secret != "200 (a token)" || store.asked != 0 || alone != `401 {"error":"invalid_client"}` {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/zitadel/oidc/v3/example/server/exampleop@v3.52.0 github.com/go-jose/go-jose/v4/jwt@v4.1.9
echo "Guess:   a method and a grant that the metadata list go together."
echo "Happens: private_key_jwt is refused for client_credentials (zitadel/oidc v3.52.0, 2026-11)."
timeout 300 go run .
