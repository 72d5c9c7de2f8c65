#!/usr/bin/env bash
# Software:    github.com/luikyv/go-oidc v0.25.0 (an OpenID provider as a library), go-jose v4.1.9
# Guess:       client assertions (RFC 7523) and DPoP proofs (RFC 9449) that are dated two seconds ahead are accepted, and so is an
#              assertion that expires in an hour, which is what a Kubernetes service account token has by default.
# Happens:     without WithJWTLeewayTime there is no leeway at all: the assertion is 401 invalid_client "invalid client", the
#              proof 400 invalid_request. An assertion that expires in more than ten minutes is "invalid client" as well.
# Consequence: date both some seconds back. With a token of the platform as the assertion, have it issued for ten minutes at
#              most (Kubernetes: expirationSeconds: 600), since the response does not say what is wrong.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"context"
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
	"sync"
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

func sign(key jose.JSONWebKey, options *jose.SignerOptions, claims map[string]any) string {
	signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	signed, _ := jwt.Signed(signer).Claims(claims).Serialize()
	return signed
}

func main() {
	servers, clients, proofs := newKey("s"), newKey("c"), newKey("")
	server := httptest.NewServer(nil)
	var seen sync.Map
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
			JWKS:             &goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{clients.Public()}},
		}}),
		provider.WithScopes(goidc.NewScope("stock:read")),
		provider.WithClientCredentialsGrant(),
		provider.WithPrivateKeyJWTAuthn(jose.ES256),
		provider.WithDPoP([]goidc.SignatureAlgorithm{jose.ES256}),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewJWTTokenOptions(jose.ES256, 60)
		}),
		provider.WithJTIConsumer(func(_ context.Context, jti string) error {
			if _, again := seen.LoadOrStore(jti, true); again {
				return fmt.Errorf("used")
			}
			return nil
		}),
	)
	if err != nil {
		panic(err)
	}
	server.Config.Handler = op.Handler()

	ask := func(what string, dated, expires, proofDated time.Duration) string {
		now := time.Now()
		assertion := sign(clients, nil, map[string]any{"iss": "orders", "sub": "orders", "aud": server.URL, "jti": rand.Text(),
			"iat": now.Add(dated).Unix(), "exp": now.Add(expires).Unix()})
		proof := sign(proofs, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), map[string]any{"htm": "POST",
			"htu": server.URL + "/token", "jti": rand.Text(), "iat": now.Add(proofDated).Unix()})
		req, _ := http.NewRequest("POST", server.URL+"/token", strings.NewReader(url.Values{
			"grant_type": {"client_credentials"}, "scope": {"stock:read"}, "client_assertion": {assertion},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		}.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("DPoP", proof)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		text := strings.TrimSpace(string(body))
		if resp.StatusCode == 200 {
			text = "(a token)"
		}
		fmt.Printf("%-34s %d %s\n", what, resp.StatusCode, text)
		return fmt.Sprint(resp.StatusCode, " ", text)
	}

	const second = time.Second
	ok := ask("all dated now, exp in 5 minutes:", 0, 300*second, 0)
	assertion := ask("assertion dated 2 s ahead:", 2*second, 300*second, 0)
	proof := ask("proof dated 2 s ahead:", 0, 300*second, 2*second)
	short := ask("assertion expires in 10 minutes:", 0, 600*second, 0)
	long := ask("assertion expires in an hour:", 0, 3600*second, 0)
	if ok != "200 (a token)" || short != ok || !strings.Contains(assertion, `401 {"error":"invalid_client"`) ||
		!strings.Contains(proof, `400 {"error":"invalid_request"`) || !strings.Contains(long, `401 {"error":"invalid_client"`) {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/luikyv/go-oidc/pkg/provider@v0.25.0 github.com/go-jose/go-jose/v4/jwt@v4.1.9
echo "Guess:   two seconds ahead, or an hour to live, are fine."
echo "Happens: both are refused, and no response speaks of time (go-oidc v0.25.0, 2026-11)."
timeout 300 go run .
