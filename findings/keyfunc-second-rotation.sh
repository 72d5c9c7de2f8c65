#!/usr/bin/env bash
# Software:    github.com/MicahParks/keyfunc/v3 v3.9.2 with jwkset v0.11.4 and golang-jwt v5.3.1 (an API that verifies tokens)
# Guess:       a token whose kid is unknown has the JWK set read again, so that an API takes the tokens of a new key at once.
# Happens:     once in five minutes. The second unknown kid within that time is refused without a look, although the key is
#              published. A kid that is gone counts too: one late token of an old key uses the look up.
# Consequence: after two rotations in a row, or one and a straggler, an API refuses fresh tokens for minutes. A client that
#              replaces the token at each 401 would fetch tokens all that time: its guard against that needs this case.
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
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

type key struct {
	*ecdsa.PrivateKey
	kid string
}

func newKey(kid string) *key {
	k, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &key{k, kid}
}

func (k *key) set() string {
	part := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	point, _ := k.PublicKey.Bytes()
	return fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","use":"sig","alg":"ES256","kid":%q,"x":%q,"y":%q}]}`,
		k.kid, part(point[1:33]), part(point[33:]))
}

func main() {
	var published atomic.Pointer[key]
	var reads atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reads.Add(1)
		fmt.Fprint(w, published.Load().set())
	}))
	one, two, three := newKey("1"), newKey("2"), newKey("3")
	published.Store(one)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{server.URL})
	if err != nil {
		panic(err)
	}
	verify := func(what string, k *key) error {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"exp": time.Now().Add(time.Minute).Unix()})
		token.Header["kid"] = k.kid
		signed, _ := token.SignedString(k.PrivateKey)
		_, err := jwt.Parse(signed, keys.KeyfuncCtx(ctx))
		text := "verified"
		if err != nil {
			text = strings.ReplaceAll(err.Error(), "\n", "; ")
		}
		fmt.Printf("%-34s (set read %d times so far) %s\n", what, reads.Load(), text)
		return err
	}
	a := verify("key 1:", one)
	published.Store(two)
	b := verify("key 2, the only one published:", two)
	published.Store(three)
	c := verify("key 3, the only one published:", three)
	d := verify("the same again:", three)
	if a != nil || b != nil || c == nil || d == nil || reads.Load() != 2 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/MicahParks/keyfunc/v3@v3.9.2 github.com/MicahParks/jwkset@v0.11.4 github.com/golang-jwt/jwt/v5@v5.3.1
echo "Guess:   an unknown kid has the keys read again."
echo "Happens: once in five minutes; the next one is refused without a look (keyfunc v3.9.2, 2026-11)."
timeout 200 go run .
