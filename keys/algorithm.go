package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"
	"strings"

	// The hashes that the algorithms name.
	_ "crypto/sha256"
	_ "crypto/sha512"

	"github.com/alf-go/alf/internal/fielderror"
)

// Algorithm is a signature algorithm of RFC 7518 section 3.1, RFC 8037 section 3.1 or RFC 9864 section 2.2: RS256,
// RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519. The last two make the same signature; some
// servers that follow RFC 9864 accept only the name Ed25519.
type Algorithm string

// The algorithms that a private key can sign with.
const (
	RS256 Algorithm = "RS256"
	RS384 Algorithm = "RS384"
	RS512 Algorithm = "RS512"
	PS256 Algorithm = "PS256"
	PS384 Algorithm = "PS384"
	PS512 Algorithm = "PS512"
	ES256 Algorithm = "ES256"
	ES384 Algorithm = "ES384"
	ES512 Algorithm = "ES512"
	EdDSA Algorithm = "EdDSA"
	// Ed25519 is what RFC 9864 calls EdDSA with a key on that curve.
	Ed25519 Algorithm = "Ed25519"
)

// hashes has 0 for an algorithm that hashes by itself.
var hashes = map[Algorithm]crypto.Hash{
	RS256: crypto.SHA256, RS384: crypto.SHA384, RS512: crypto.SHA512,
	PS256: crypto.SHA256, PS384: crypto.SHA384, PS512: crypto.SHA512,
	ES256: crypto.SHA256, ES384: crypto.SHA384, ES512: crypto.SHA512,
	EdDSA: 0, Ed25519: 0,
}

var (
	forRSA   = []Algorithm{RS256, RS384, RS512, PS256, PS384, PS512}
	forCurve = map[elliptic.Curve]Algorithm{elliptic.P256(): ES256, elliptic.P384(): ES384, elliptic.P521(): ES512}
)

// suited lists what a public key can be used with, the usual one first.
func suited(public crypto.PublicKey) []Algorithm {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return forRSA
	case *ecdsa.PublicKey:
		if a, ok := forCurve[key.Curve]; ok {
			return []Algorithm{a}
		}
	case ed25519.PublicKey:
		return []Algorithm{EdDSA, Ed25519}
	}
	return nil
}

func usualAlgorithm(public crypto.PublicKey) (Algorithm, error) {
	if key, ok := public.(*rsa.PublicKey); ok && key.N.BitLen() < minRSA {
		return "", fmt.Errorf("an RSA key of %d bits is too short: make one of %d or more", key.N.BitLen(), minRSA)
	}
	all := suited(public)
	if len(all) == 0 {
		return "", fmt.Errorf("%s cannot be used: make an RSA key, an EC key on P-256, P-384 or P-521, or an Ed25519 key", kindOf(public))
	}
	return all[0], nil
}

const algorithms = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519"

// Validate returns a *fielderror.Error, exported as fetcher.FieldError, for the field Algorithm if there is no such
// algorithm. Empty is valid: the key's own.
func (a Algorithm) Validate() error {
	if a.known() || a == "" {
		return nil
	}
	return &fielderror.Error{Field: "Algorithm", Problem: a.unknown(), Remedy: "use " + algorithms}
}

func (a Algorithm) known() bool {
	_, ok := hashes[a]
	return ok
}

func (a Algorithm) unknown() string { return fmt.Sprintf("%q is not a signature algorithm", string(a)) }

// fits fails if public cannot be used with a.
func (a Algorithm) fits(public crypto.PublicKey) error {
	if !a.known() {
		return errors.New(a.unknown() + ": use " + algorithms)
	}
	all := suited(public)
	if slices.Contains(all, a) {
		return nil
	}
	names := make([]string, len(all))
	for i, one := range all {
		names[i] = string(one)
	}
	return fmt.Errorf("%s cannot sign with %s: use %s, or another key", kindOf(public), a, strings.Join(names, ", "))
}
