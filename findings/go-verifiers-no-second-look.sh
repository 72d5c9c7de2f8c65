#!/usr/bin/env bash
# Software:    github.com/lestrrat-go/jwx/v3 v3.4.0 (jwk.Cache), github.com/auth0/go-jwt-middleware/v2 v2.3.1 (CachingProvider)
# Guess:       a cache of a JWK set reads it again when a token comes with a kid that is not in there.
# Happens:     both wait until their time is over, a minute or more, and refuse the fresh tokens until then;
#              go-jwt-middleware's error is "unsupported key type/format".
# Consequence: a 401 for a token that is a second old does not prove that it is bad, and another fresh one is refused as well.
#              After a 401 for a new token, wait before the next is fetched, and keep the token for the other APIs.
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
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/auth0/go-jwt-middleware/v2/jwks"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/lestrrat-go/httprc/v3"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

func newKey(kid string) jwk.Key {
	raw, _ := rsa.GenerateKey(rand.Reader, 2048)
	key, _ := jwk.Import(raw)
	key.Set(jwk.KeyIDKey, kid)
	key.Set(jwk.AlgorithmKey, jwa.RS256())
	key.Set(jwk.KeyUsageKey, "sig")
	return key
}

func main() {
	ctx := context.Background()
	one, two := newKey("1"), newKey("2")
	var published atomic.Pointer[jwk.Key]
	var reads atomic.Int64
	server := httptest.NewUnstartedServer(nil)
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/keys" {
			json.NewEncoder(w).Encode(map[string]string{"issuer": "http://" + r.Host, "jwks_uri": "http://" + r.Host + "/keys"})
			return
		}
		reads.Add(1)
		public, _ := (*published.Load()).PublicKey()
		json.NewEncoder(w).Encode(map[string]any{"keys": []jwk.Key{public}})
	})
	server.Start()
	issuer, _ := url.Parse(server.URL)
	published.Store(&one)

	cache, err := jwk.NewCache(ctx, httprc.NewClient())
	if err != nil {
		panic(err)
	}
	cache.Register(ctx, server.URL+"/keys")
	set, err := cache.CachedSet(server.URL + "/keys")
	if err != nil {
		panic(err)
	}
	check, err := validator.New(jwks.NewCachingProvider(issuer, 0).KeyFunc, validator.RS256, server.URL, []string{"stock"})
	if err != nil {
		panic(err)
	}
	verifiers := []struct {
		name   string
		verify func(token string) error
	}{
		{"jwx", func(token string) error { _, err := jwt.ParseString(token, jwt.WithKeySet(set)); return err }},
		{"go-jwt-middleware", func(token string) error { _, err := check.ValidateToken(ctx, token); return err }},
	}
	changed := false
	for _, v := range verifiers {
		published.Store(&one)
		try := func(what string, key jwk.Key) error {
			before := reads.Load()
			token, _ := jwt.NewBuilder().Issuer(server.URL).Subject("orders").Audience([]string{"stock"}).
				Expiration(time.Now().Add(time.Minute)).Build()
			signed, err := jwt.Sign(token, jwt.WithKey(jwa.RS256(), key))
			if err != nil {
				panic(err)
			}
			err = v.verify(string(signed))
			text := "verified"
			if err != nil {
				text, _, _ = strings.Cut(err.Error(), "\n")
			}
			fmt.Printf("%-18s %-18s (set read %d times for it) %s\n", v.name, what, reads.Load()-before, text)
			return err
		}
		a := try("key 1:", one)
		published.Store(&two)
		b, c := try("key 2, published:", two), try("the same again:", two)
		changed = changed || a != nil || b == nil || c == nil
	}
	if changed {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/lestrrat-go/jwx/v3/jwt@v3.4.0 github.com/auth0/go-jwt-middleware/v2/validator@v2.3.1 github.com/auth0/go-jwt-middleware/v2/jwks@v2.3.1
echo "Guess:   an unknown kid has the keys read again."
echo "Happens: it does not (jwx v3.4.0, go-jwt-middleware v2.3.1, 2026-11)."
timeout 200 go run .
