package keys

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"errors"

	"github.com/go-jose/go-jose/v4"

	"github.com/alf-go/alf/internal/files"
)

var errNoKey = errors.New("holds no private key: use PEM (PKCS#8, PKCS#1 or SEC 1) or a JSON Web Key")

// Parse reads a private key: PEM with one of PKCS#8 ("PRIVATE KEY"), PKCS#1 ("RSA PRIVATE KEY") or SEC 1 ("EC PRIVATE KEY"),
// certificates beside it being passed over; or a JSON Web Key (RFC 7517) with its "kid" and "alg", if it has them, or a set of
// exactly one. Its errors hold nothing of what was read.
func Parse(content []byte) (*Key, error) {
	if trimmed := bytes.TrimSpace(content); bytes.HasPrefix(trimmed, []byte("{")) {
		return parseJWK(trimmed)
	}
	return parsePEM(content)
}

func parsePEM(content []byte) (*Key, error) {
	if err := files.Encrypted(content); err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		var private any
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			private, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			private, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			private, err = x509.ParseECPrivateKey(block.Bytes)
		default:
			continue
		}
		signer, ok := private.(crypto.Signer)
		switch {
		case err != nil && !whole(block.Bytes):
			return nil, errors.New("the " + block.Type + " in it cannot be read: is the file whole?")
		case err != nil, !ok:
			return nil, errors.New("the " + block.Type + " in it " + unusable)
		}
		return New(signer, "", "")
	}
	return nil, errNoKey
}

// unusable ends a sentence about a key of another kind.
const unusable = "cannot be used as it is, or is damaged or under a wrong label: " +
	"make an RSA key (not one for RSA-PSS alone), an EC key on the named curve P-256, P-384 or P-521, or an Ed25519 key"

// whole reports whether der is one structure to its end, whatever is in there.
func whole(der []byte) bool {
	var all asn1.RawValue
	rest, err := asn1.Unmarshal(der, &all)
	return err == nil && len(rest) == 0
}

func parseJWK(content []byte) (*Key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(content, &set); err != nil {
		return nil, errors.New("is not a JSON Web Key: it is not valid JSON")
	}
	switch len(set.Keys) {
	case 0:
	case 1:
		content = set.Keys[0]
	default:
		return nil, errors.New("holds several JSON Web Keys: leave the one to sign with")
	}
	var kind struct {
		Kty string `json:"kty"`
		D   string `json:"d"`
	}
	switch err := json.Unmarshal(content, &kind); {
	case err != nil || kind.Kty == "":
		return nil, errNoKey
	case kind.Kty == "oct":
		return nil, errors.New(`is a symmetric JSON Web Key ("oct"): a secret goes into ClientSecret, with client_secret_jwt`)
	case kind.D == "":
		return nil, errors.New(`is a public JSON Web Key: use the private one, with "d"`)
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(content); err != nil {
		// Not the error itself: it is about numbers that are secret.
		return nil, errors.New("is not a usable JSON Web Key: a member is missing or wrong")
	}
	signer, ok := jwk.Key.(crypto.Signer)
	if !ok {
		return nil, errNoKey
	}
	if ec, ok := signer.(*ecdsa.PrivateKey); ok && !halvesMatch(ec) {
		return nil, errors.New(`is a JSON Web Key of two halves: "x" and "y" are not the public key of "d"`)
	}
	return New(signer, jwk.KeyID, Algorithm(jwk.Algorithm))
}

// halvesMatch is what the JOSE library leaves unchecked: nobody could verify what such a key signs.
func halvesMatch(key *ecdsa.PrivateKey) bool {
	d, err := key.Bytes()
	if err != nil {
		return false
	}
	derived, err := ecdsa.ParseRawPrivateKey(key.Curve, d)
	return err == nil && derived.PublicKey.Equal(&key.PublicKey)
}
