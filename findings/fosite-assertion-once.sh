#!/usr/bin/env bash
# Software:    github.com/ory/fosite v0.49.0 (the library under Ory Hydra), go-jose v3.0.3,
#              github.com/hashicorp/go-retryablehttp v0.7.8
# Guess:       an assertion (RFC 7523) is good until it expires, and needs no jti, which the RFC leaves to the client.
# Happens:     without a jti: 401 invalid_client. A second time: 400 with the error "jti_known", which is no code of OAuth's.
#              So an HTTP client that repeats the request by itself, as go-retryablehttp does with a POST after a 503, turns a
#              lost response into "jti_known": the server has issued a token, and the caller is told that it must not have one.
# Consequence: sign again for every attempt, and let nothing beneath repeat a token request. An assertion that a platform
#              puts into a file (Kubernetes, SPIFFE) is good for one token there; SPIFFE's, which have no jti, for none.
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
	"github.com/hashicorp/go-retryablehttp"
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
	issue := func(w http.ResponseWriter, r *http.Request) {
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
	}
	lost := 0 // responses that get lost on their way, as behind a proxy that gives up
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lost > 0 {
			lost--
			response := httptest.NewRecorder()
			issue(response, r)
			fmt.Println("                    the server responded", response.Code, "and the proxy before it says 503")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		issue(w, r)
	})
	signer, _ := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	assertion := func(more map[string]any) string {
		claims := map[string]any{"iss": "orders", "sub": "orders", "aud": server.URL + "/token",
			"iat": time.Now().Unix(), "exp": time.Now().Add(5 * time.Minute).Unix()}
		for name, value := range more {
			claims[name] = value
		}
		signed, _ := jwt.Signed(signer).Claims(claims).CompactSerialize()
		return signed
	}
	ask := func(client *http.Client, assertion string) string {
		resp, err := client.PostForm(server.URL+"/token", url.Values{
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

	plain := http.DefaultClient
	without := ask(plain, assertion(nil))
	fmt.Println("without jti:       ", without)
	same := assertion(map[string]any{"jti": "a"})
	first, second := ask(plain, same), ask(plain, same)
	fmt.Println("with jti:          ", first)
	fmt.Println("the same again:    ", second)
	retrying := retryablehttp.NewClient()
	retrying.Logger, retrying.RetryWaitMin = nil, 10*time.Millisecond
	lost = 1
	repeated := ask(retrying.StandardClient(), assertion(map[string]any{"jti": "b"}))
	fmt.Println("retried after 503: ", repeated)
	if !strings.HasPrefix(without, `401 {"error":"invalid_client"`) || !strings.HasPrefix(first, "200") ||
		!strings.HasPrefix(second, `400 {"error":"jti_known"`) || !strings.HasPrefix(repeated, `400 {"error":"jti_known"`) {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/ory/fosite/compose@v0.49.0 github.com/ory/fosite/storage@v0.49.0 github.com/go-jose/go-jose/v3/jwt@v3.0.3 github.com/hashicorp/go-retryablehttp@v0.7.8
echo "Guess:   an assertion is good until it expires, with or without a jti."
echo "Happens: it needs a jti, and the second request with it is 400 jti_known, retries included (fosite v0.49.0, 2026-11)."
timeout 300 go run .
