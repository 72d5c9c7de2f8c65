#!/usr/bin/env bash
# Software:    github.com/luikyv/go-oidc v0.25.0 (an OpenID provider as a library), go-jose v4.1.9
# Guess:       the keys of a client with a jwks_uri are read again, at the latest when an assertion has an unknown kid.
# Happens:     for a client given by WithStaticClients they are read once, and kept in the client's value for as long as the
#              process lives: every assertion of the new key is refused, whatever its max-age.
# Consequence: a key rotation that went by the book ends in invalid_client until the server is restarted. What helps to see
#              that is an error of the client that names the kid it signed with.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"bytes"
	"context"
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
	"sync/atomic"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"
)

func newKey(kid string) jose.JSONWebKey {
	key, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return jose.JSONWebKey{Key: key, KeyID: kid, Algorithm: "ES256", Use: "sig"}
}

func main() {
	var published atomic.Pointer[jose.JSONWebKey]
	var reads atomic.Int64
	keys := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads.Add(1)
		w.Header().Set("Cache-Control", "max-age=1")
		json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{published.Load().Public()}})
	}))
	servers := newKey("s")
	server := httptest.NewServer(nil)
	op, err := provider.New(
		provider.Config{Issuer: server.URL, IDTokenAlgs: []goidc.SignatureAlgorithm{jose.ES256},
			JWKS: func(context.Context) (goidc.JSONWebKeySet, error) {
				return goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{servers}}, nil
			}},
		provider.WithStaticClients(&goidc.Client{ID: "orders", ClientMeta: goidc.ClientMeta{
			GrantTypes:       []goidc.GrantType{goidc.GrantClientCredentials},
			ScopeIDs:         "stock:read",
			TokenAuthnMethod: goidc.AuthnMethodPrivateKeyJWT,
			TokenAuthnSigAlg: jose.ES256,
			JWKSURI:          keys.URL,
		}}),
		provider.WithScopes(goidc.NewScope("stock:read")),
		provider.WithClientCredentialsGrant(),
		provider.WithPrivateKeyJWTAuthn(jose.ES256),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewJWTTokenOptions(jose.ES256, 60)
		}),
		provider.WithJTIConsumer(func(context.Context, string) error { return nil }),
	)
	if err != nil {
		panic(err)
	}
	server.Config.Handler = op.Handler()

	ask := func(what string, key jose.JSONWebKey) int {
		signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, nil)
		now := time.Now()
		assertion, _ := jwt.Signed(signer).Claims(map[string]any{"iss": "orders", "sub": "orders", "aud": server.URL,
			"jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).Serialize()
		resp, err := http.PostForm(server.URL+"/token", url.Values{
			"grant_type": {"client_credentials"}, "scope": {"stock:read"}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		})
		if err != nil {
			fmt.Println(what, err)
			return 0
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode == 200 {
			body = []byte("(a token)")
		}
		fmt.Printf("%-36s (jwks_uri read %d times so far) %d %s\n", what, reads.Load(), resp.StatusCode, bytes.TrimSpace(body))
		return resp.StatusCode
	}
	one, two := newKey("1"), newKey("2")
	published.Store(&one)
	a := ask("key 1:", one)
	published.Store(&two)
	time.Sleep(3 * time.Second) // three times the max-age
	b := ask("key 2, the only one published now:", two)
	c := ask("the same again:", two)
	if a != 200 || b != 401 || c != 401 || reads.Load() != 1 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/luikyv/go-oidc/pkg/provider@v0.25.0 github.com/go-jose/go-jose/v4/jwt@v4.1.9
echo "Guess:   the client's keys are read again when their max-age is over, or for an unknown kid."
echo "Happens: they are read once (go-oidc v0.25.0, 2026-11)."
timeout 300 go run .
