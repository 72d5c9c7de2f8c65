#!/usr/bin/env bash
# Software:    github.com/ory/fosite v0.49.0 (the library under Ory Hydra), go-jose v3.0.3
# Guess:       a client assertion (RFC 7523) whose iat or nbf is two seconds in the server's future, because the
#              client's clock is fast, is accepted within some leeway, or refused as invalid_client.
# Happens:     500 with {"error":"error","error_description":"The error is unrecognizable"}. There is no leeway.
# Consequence: a client that dates its assertions with the time it has looks, to itself, as if the server were broken,
#              and goes on trying as after an outage. Date iat some seconds back, and send no nbf.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/go-jose/go-jose/v3/jwt"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
)

func main() {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	server := httptest.NewServer(nil)
	store := storage.NewMemoryStore()
	store.Clients["orders"] = &fosite.DefaultOpenIDConnectClient{
		DefaultClient:                     &fosite.DefaultClient{ID: "orders", GrantTypes: []string{"client_credentials"}},
		JSONWebKeys:                       &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Use: "sig", Algorithm: "ES256"}}},
		TokenEndpointAuthMethod:           "private_key_jwt",
		TokenEndpointAuthSigningAlgorithm: "ES256",
	}
	provider := compose.ComposeAllEnabled(&fosite.Config{
		TokenURL: server.URL + "/token", GlobalSecret: make([]byte, 32), AccessTokenLifespan: time.Hour,
	}, store, key)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request, err := provider.NewAccessRequest(r.Context(), r, &fosite.DefaultSession{})
		if err != nil {
			provider.WriteAccessError(r.Context(), w, request, err)
			return
		}
		response, err := provider.NewAccessResponse(r.Context(), request)
		if err != nil {
			provider.WriteAccessError(r.Context(), w, request, err)
			return
		}
		provider.WriteAccessResponse(r.Context(), w, request, response)
	})
	signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)

	ask := func(claim string, ahead time.Duration) string {
		now := time.Now()
		claims := map[string]any{"iss": "orders", "sub": "orders", "aud": server.URL + "/token", "jti": fmt.Sprint(now.UnixNano()),
			"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}
		claims[claim] = now.Add(ahead).Unix()
		assertion, _ := jwt.Signed(signer).Claims(claims).CompactSerialize()
		resp, err := http.PostForm(server.URL+"/token", url.Values{
			"grant_type":            {"client_credentials"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {assertion},
		})
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		text := strings.TrimSpace(string(body))
		if resp.StatusCode == 200 {
			text = "(a token)"
		}
		return fmt.Sprint(resp.StatusCode, " ", text)
	}

	exact, iat, nbf := ask("iat", 0), ask("iat", 2*time.Second), ask("nbf", 2*time.Second)
	fmt.Println("iat now:      ", exact)
	fmt.Println("iat in 2 s:   ", iat)
	fmt.Println("nbf in 2 s:   ", nbf)
	const surprise = `500 {"error":"error",`
	if !strings.HasPrefix(exact, "200") || !strings.HasPrefix(iat, surprise) || !strings.HasPrefix(nbf, surprise) {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/ory/fosite/compose@v0.49.0 github.com/ory/fosite/storage@v0.49.0 github.com/go-jose/go-jose/v3/jwt@v3.0.3
echo "Guess:   an assertion dated 2 s ahead is accepted, or refused as invalid_client."
echo "Happens: 500, with an error code that no specification knows (fosite v0.49.0, 2026-11)."
timeout 300 go run .
