#!/usr/bin/env bash
# Software:    go-jose v4.1.9, golang-jwt v5.3.1, lestrrat-go/jwx v3.4.0
# Guess:       a year after RFC 9864 deprecated the algorithm name EdDSA in favour of Ed25519, libraries verify a token under either name.
# Happens:     jwx does. golang-jwt knows no Ed25519. go-jose parses such a token, and a JWK with "alg":"Ed25519", without
#              complaint, and then fails to verify with "error in cryptographic primitive".
# Consequence: a client that signs assertions or DPoP proofs with an Ed25519 key has to say EdDSA, even if its JWK or the
#              server's metadata say Ed25519, unless the server lists Ed25519 alone.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF'
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"

	jose "github.com/go-jose/go-jose/v4"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

func main() {
	public, private, _ := ed25519.GenerateKey(nil)
	encode := base64.RawURLEncoding.EncodeToString
	verified := map[string]bool{}
	for _, name := range []string{"EdDSA", "Ed25519"} {
		input := encode([]byte(`{"alg":"`+name+`","kid":"1"}`)) + "." + encode([]byte(`{"sub":"orders"}`))
		token := input + "." + encode(ed25519.Sign(private, []byte(input)))
		key := []byte(fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","kid":"1","alg":%q,"x":%q}`, name, encode(public)))
		report := func(library string, err error) {
			fmt.Printf("%-8s %-11s %v\n", name, library, err)
			verified[library+" "+name] = err == nil
		}

		var parsed jose.JSONWebKey
		report("go-jose JWK", parsed.UnmarshalJSON(key))
		signed, err := jose.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA, "Ed25519"})
		report("go-jose parse", err)
		if err == nil {
			_, err = signed.Verify(parsed)
		}
		report("go-jose", err)
		_, err = golangjwt.Parse(token, func(*golangjwt.Token) (any, error) { return public, nil })
		report("golang-jwt", err)
		set, err := jwk.Parse([]byte(`{"keys":[` + string(key) + `]}`))
		if err == nil {
			_, err = jws.Verify([]byte(token), jws.WithKeySet(set))
		}
		report("jwx", err)
	}
	if !verified["go-jose EdDSA"] || !verified["golang-jwt EdDSA"] || !verified["jwx EdDSA"] || !verified["jwx Ed25519"] ||
		!verified["go-jose parse Ed25519"] || verified["go-jose Ed25519"] || verified["golang-jwt Ed25519"] {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/go-jose/go-jose/v4@v4.1.9 github.com/golang-jwt/jwt/v5@v5.3.1 github.com/lestrrat-go/jwx/v3/jws@v3.4.0
echo "Guess:   Ed25519 and EdDSA are two names of the same to all of them."
echo "Happens: to jwx v3.4.0 only; go-jose v4.1.9 parses Ed25519, and cannot verify it (2026-11)."
timeout 200 go run .
