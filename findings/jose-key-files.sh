#!/usr/bin/env bash
# Software:    go-jose v4.1.9, golang-jwt v5.3.1, lestrrat-go/jwx v3.4.0
# Guess:       key files that their specifications allow can be read: an RSA private JWK of n, e and d (RFC 7518 section 6.3.2 makes
#              the primes optional), and what `openssl ecparam -genkey` writes (an EC PARAMETERS block, then the key).
# Happens:     go-jose refuses the JWK; jwx parses it, and cannot make a key of it. golang-jwt and jwx read the first block of the
#              PEM only, and fail with "asn1: structure error" or "invalid PEM block type".
# Consequence: a client that reads keys from files has to skip blocks that are no key, and to recover the primes or say that
#              they are missing: "structure error" sends its user looking for a damaged file.
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
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"

	jose "github.com/go-jose/go-jose/v4"
	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/lestrrat-go/jwx/v3/jwk"
)

func main() {
	failed := 0
	report := func(what string, err error) {
		fmt.Printf("%-40s %v\n", what, err)
		if err != nil {
			failed++
		}
	}

	r, _ := rsa.GenerateKey(rand.Reader, 2048)
	encode := base64.RawURLEncoding.EncodeToString
	short := []byte(fmt.Sprintf(`{"kty":"RSA","n":%q,"e":"AQAB","d":%q}`, encode(r.N.Bytes()), encode(r.D.Bytes())))
	report("n, e and d: go-jose", new(jose.JSONWebKey).UnmarshalJSON(short))
	parsed, err := jwk.ParseKey(short)
	if err != nil {
		panic(err)
	}
	report("n, e and d: jwx, exported", jwk.Export(parsed, new(rsa.PrivateKey)))

	e, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p256, _ := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7})
	der, _ := x509.MarshalECPrivateKey(e)
	key := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	file := append(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: p256}), key...)
	_, err = golangjwt.ParseECPrivateKeyFromPEM(file)
	report("EC PARAMETERS and key: golang-jwt", err)
	_, err = jwk.ParseKey(file, jwk.WithPEM(true))
	report("EC PARAMETERS and key: jwx", err)
	unexpected := failed != 4
	_, err = golangjwt.ParseECPrivateKeyFromPEM(key)
	report("the key alone: golang-jwt", err)
	_, err = jwk.ParseKey(key, jwk.WithPEM(true))
	report("the key alone: jwx", err)
	if unexpected || failed != 4 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF
quiet go mod init probe
quiet go get github.com/go-jose/go-jose/v4@v4.1.9 github.com/golang-jwt/jwt/v5@v5.3.1 github.com/lestrrat-go/jwx/v3/jwk@v3.4.0
echo "Guess:   both files can be read."
echo "Happens: go-jose v4.1.9 and jwx v3.4.0 want the primes, golang-jwt v5.3.1 and jwx the key first (2026-11)."
timeout 200 go run .
