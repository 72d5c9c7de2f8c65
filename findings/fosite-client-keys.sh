#!/usr/bin/env bash
# Software:    github.com/ory/fosite v0.49.0 (the library under Ory Hydra), go-jose v3.0.3
# Guess:       the keys of a client with a jwks_uri are read again when an assertion cannot be verified with those at hand, and
#              the response to a token request comes at once if they cannot be read.
# Happens:     they are read again for a kid that is unknown, but a new key under the old kid is refused for as long as the
#              cache lasts. While the jwks_uri is down, a request with an unknown kid gets its response, a 500, after 15 s.
# Consequence: give a new key a new kid. Most clients give up after 5 or 10 s, so all they report is "timeout", and what was
#              wrong is never seen: a client's own limit should be mentioned with the advice to look at the jwks_uri.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache. Takes 20 s.
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
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/go-jose/go-jose/v3/jwt"
	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/storage"
)

func newKey(kid string) jose.JSONWebKey {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return jose.JSONWebKey{Key: key, KeyID: kid, Use: "sig", Algorithm: "ES256"}
}

func main() {
	var published atomic.Pointer[jose.JSONWebKey]
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{published.Load().Public()}})
	}))
	server := httptest.NewServer(nil)
	store := storage.NewMemoryStore()
	store.Clients["orders"] = &fosite.DefaultOpenIDConnectClient{
		DefaultClient:                     &fosite.DefaultClient{ID: "orders", GrantTypes: []string{"client_credentials"}},
		JSONWebKeysURI:                    keys.URL,
		TokenEndpointAuthMethod:           "private_key_jwt",
		TokenEndpointAuthSigningAlgorithm: "ES256",
	}
	signing, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	provider := compose.ComposeAllEnabled(&fosite.Config{
		TokenURL: server.URL + "/token", GlobalSecret: make([]byte, 32), AccessTokenLifespan: time.Hour,
	}, store, signing)
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
	ask := func(what string, key jose.JSONWebKey) (int, time.Duration) {
		signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
		now := time.Now()
		assertion, _ := jwt.Signed(signer).Claims(map[string]any{"iss": "orders", "sub": "orders", "aud": server.URL + "/token",
			"jti": fmt.Sprint(now.UnixNano()), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix()}).CompactSerialize()
		resp, err := http.PostForm(server.URL+"/token", url.Values{
			"grant_type":            {"client_credentials"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {assertion},
		})
		if err != nil {
			fmt.Println(what, err)
			return 0, 0
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		text := strings.TrimSpace(string(body))
		if resp.StatusCode == 200 {
			text = "(a token)"
		}
		fmt.Printf("%-28s %d after %v %s\n", what, resp.StatusCode, time.Since(now).Round(100*time.Millisecond), text)
		return resp.StatusCode, time.Since(now)
	}

	one, two := newKey("1"), newKey("2")
	published.Store(&one)
	a, _ := ask("kid 1:", one)
	published.Store(&two)
	b, _ := ask("new key, new kid 2:", two)
	other := newKey("2")
	published.Store(&other)
	c, _ := ask("new key, the same kid 2:", other)
	keys.Close()
	three := newKey("3")
	d, slow := ask("jwks_uri down, kid 3:", three)
	if a != 200 || b != 200 || c != 401 || d != 500 || slow < 10*time.Second {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/ory/fosite/compose@v0.49.0 github.com/ory/fosite/storage@v0.49.0 github.com/go-jose/go-jose/v3/jwt@v3.0.3
echo "Guess:   keys that do not fit are read again; if they cannot be, the response comes at once."
echo "Happens: not under a known kid; and the response comes after 15 s (fosite v0.49.0, 2026-11)."
timeout 300 go run . 2>/dev/null
