package sim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/alf-go/alf/keys"
)

// algorithmsOf lists what a public key verifies; nil for what is none.
func algorithmsOf(public crypto.PublicKey) []string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return anyAlgorithm[:6]
	case *ecdsa.PublicKey:
		switch key.Curve.Params().BitSize {
		case 256:
			return []string{string(keys.ES256)}
		case 384:
			return []string{string(keys.ES384)}
		case 521:
			return []string{string(keys.ES512)}
		}
	case ed25519.PublicKey:
		return []string{string(keys.EdDSA), string(keys.Ed25519)}
	}
	return nil
}

var errSignature = errors.New("the signature is wrong")

// signedJWT is a JSON Web Token whose signature may have been verified.
type signedJWT struct {
	header  map[string]any
	payload []byte
}

// parseJWT takes a JSON Web Token in compact form apart, which has to be signed with one of the algorithms. It verifies
// nothing.
func parseJWT(text string, algorithms []string) (*signedJWT, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return nil, errors.New("it is no JSON Web Token in compact form")
	}
	var decoded [2][]byte
	for i := range decoded {
		var err error
		if decoded[i], err = base64.RawURLEncoding.DecodeString(parts[i]); err != nil {
			return nil, err
		}
	}
	token := &signedJWT{payload: decoded[1]}
	if err := json.Unmarshal(decoded[0], &token.header); err != nil {
		return nil, err
	}
	if algorithm, _ := token.header["alg"].(string); !slices.Contains(algorithms, algorithm) {
		return nil, fmt.Errorf("unexpected signature algorithm %q: expected one of %s", algorithm, strings.Join(algorithms, ", "))
	}
	return token, nil
}

// verifyJWT reads a JSON Web Token that one of the keys must have signed, a secret being a []byte.
func verifyJWT(text string, algorithms []string, among []any) (*signedJWT, error) {
	token, err := parseJWT(text, algorithms)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	for _, key := range among {
		if verifies(key, text, token.header["alg"].(string)) {
			return token, nil
		}
	}
	return nil, errSignature
}

// verifies reports whether a key has made the signature of a JSON Web Token.
func verifies(key any, text, algorithm string) bool {
	if algorithm == string(keys.Ed25519) { // which go-jose knows as EdDSA only
		public, ok := key.(ed25519.PublicKey)
		dot := strings.LastIndexByte(text, '.')
		signature, err := base64.RawURLEncoding.DecodeString(text[dot+1:])
		return ok && err == nil && ed25519.Verify(public, []byte(text[:dot]), signature)
	}
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	if err != nil {
		return false
	}
	_, err = parsed.Verify(key)
	return err == nil
}

// claims reads those of RFC 7519 section 4.1.
func (t *signedJWT) claims() (claims jwt.Claims, err error) {
	err = json.Unmarshal(t.payload, &claims)
	return claims, err
}
