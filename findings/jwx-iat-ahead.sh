#!/usr/bin/env bash
# Software:    github.com/lestrrat-go/jwx/v3 v3.4.0; golang-jwt v5.3.1 and go-jose v4.1.9 for comparison
# Guess:       iat says when a token was issued, and is no condition: a token whose iat is a second ahead, since the API's clock
#              is a second slow, is accepted. (RFC 7519 gives a rule for nbf, and none for iat.)
# Happens:     jwx's jwt.Parse refuses it by default ("iat" not satisfied), without leeway. golang-jwt does not look at it,
#              go-jose allows a minute.
# Consequence: an API whose clock is a second slow refuses each token in the first second of its life. A client that uses a
#              token at once gets a 401, fetches again, and gets another: waiting a second would do, and fetching never does.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"fmt"
	"os"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwt"
)

func main() {
	secret := []byte("a secret of thirty-two bytes, yes")
	refused := map[string]bool{}
	for _, ahead := range []int64{0, 2} {
		now := time.Now().Unix()
		token, _ := golangjwt.NewWithClaims(golangjwt.SigningMethodHS256,
			golangjwt.MapClaims{"sub": "orders", "iat": now + ahead, "exp": now + 600}).SignedString(secret)
		report := func(library string, err error) {
			fmt.Printf("iat %d s ahead  %-11s %v\n", ahead, library, err)
			refused[fmt.Sprint(library, ahead)] = err != nil
		}
		_, err := jwt.ParseString(token, jwt.WithKey(jwa.HS256(), secret))
		report("jwx", err)
		_, err = golangjwt.Parse(token, func(*golangjwt.Token) (any, error) { return secret, nil })
		report("golang-jwt", err)
		parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.HS256})
		if err == nil {
			var claims josejwt.Claims
			if err = parsed.Claims(secret, &claims); err == nil {
				err = claims.Validate(josejwt.Expected{})
			}
		}
		report("go-jose", err)
	}
	if refused["jwx0"] || !refused["jwx2"] || refused["golang-jwt2"] || refused["go-jose2"] {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/lestrrat-go/jwx/v3/jwt@v3.4.0 github.com/go-jose/go-jose/v4/jwt@v4.1.9 github.com/golang-jwt/jwt/v5@v5.3.1
echo "Guess:   a token issued two seconds ahead of the API's clock is accepted."
echo "Happens: by golang-jwt and go-jose; jwx refuses it (jwx v3.4.0, 2026-11)."
timeout 200 go run .
