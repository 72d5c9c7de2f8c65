package keys

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"
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
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "ENCRYPTED PRIVATE KEY" || strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED") {
			return nil, errors.New("the private key is encrypted: store it without a passphrase, readable by this program alone")
		}
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
		if err != nil || !ok {
			return nil, errors.New("the " + block.Type + " in it cannot be read: is the file whole?")
		}
		return New(signer, "", "")
	}
	return nil, errNoKey
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
	return New(signer, jwk.KeyID, Algorithm(jwk.Algorithm))
}
