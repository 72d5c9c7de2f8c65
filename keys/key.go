package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/go-jose/go-jose/v4"
)

// minRSA is what RFC 7518 sections 3.3 and 3.5 demand, in bits.
const minRSA = 2048

// Key is a private key that signs. It is immutable and safe for concurrent use, as far as its crypto.Signer is.
// Whatever the verb, it prints as its thumbprint alone.
type Key struct {
	id         string
	algorithm  Algorithm
	thumbprint string
	jwk        []byte
	// public returns what the signer returned once: a call of it may go over a network. Both are functions, because fmt
	// cannot print what is in one.
	public func() crypto.PublicKey
	signer func() crypto.Signer
}

// New makes a key of a signer whose public key is RSA of at least 2048 bits, ECDSA on P-256, P-384 or P-521, or
// Ed25519. id is sent as "kid", if it is not empty. algorithm is the one the key is meant for; empty: RS256, ES256,
// ES384, ES512 or EdDSA, whichever is usual for its kind. New fails for any other public key, and if the key cannot be
// used with algorithm.
func New(signer crypto.Signer, id string, algorithm Algorithm) (*Key, error) {
	if signer == nil {
		return nil, errors.New("there is no signer")
	}
	public := signer.Public()
	usual, err := usualAlgorithm(public)
	if err != nil {
		return nil, err
	}
	if algorithm == "" {
		algorithm = usual
	}
	if err := algorithm.fits(public); err != nil {
		return nil, err
	}
	jwk := jose.JSONWebKey{Key: public}
	text, err := jwk.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("the public key is not usable: %w", err)
	}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("the public key is not usable: %w", err)
	}
	return &Key{
		id: id, algorithm: algorithm, jwk: text,
		thumbprint: base64.RawURLEncoding.EncodeToString(sum),
		public:     func() crypto.PublicKey { return public },
		signer:     func() crypto.Signer { return signer },
	}, nil
}

// ID is what is sent as "kid"; empty: none is sent.
func (k *Key) ID() string { return k.id }

// Algorithm is the algorithm that the key signs with, unless the caller names another one.
func (k *Key) Algorithm() Algorithm { return k.algorithm }

// CanSign returns nil if the key can be used with algorithm. Otherwise its error names the algorithms that the key can
// be used with.
func (k *Key) CanSign(algorithm Algorithm) error { return algorithm.fits(k.public()) }

// Thumbprint is the base64url SHA-256 thumbprint of the public key (RFC 7638), by which a token that is bound to it
// names it ("jkt").
func (k *Key) Thumbprint() string { return k.thumbprint }

// Public is the public key, as the crypto.Signer returned it.
func (k *Key) Public() crypto.PublicKey { return k.public() }

// PublicJWK is the public key as a JSON Web Key (RFC 7517), with the members that identify it and no others.
func (k *Key) PublicJWK() json.RawMessage { return append(json.RawMessage(nil), k.jwk...) }

// WithID returns a copy of the key with id as its "kid". k is not changed.
func (k *Key) WithID(id string) *Key {
	other := *k
	other.id = id
	return &other
}

func (k *Key) redacted() string { return "keys.Key(" + k.thumbprint + " REDACTED)" }

// String names the key by its thumbprint.
func (k *Key) String() string { return k.redacted() }

// Format names the key by its thumbprint, whatever the verb.
func (k *Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, k.redacted()) }

// MarshalJSON names the key by its thumbprint.
func (k *Key) MarshalJSON() ([]byte, error) { return json.Marshal(k.redacted()) }

// LogValue names the key by its thumbprint.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.redacted()) }

// kindOf names a public key's kind for messages.
func kindOf(public crypto.PublicKey) string {
	switch key := public.(type) {
	case *rsa.PublicKey:
		return "an RSA key"
	case *ecdsa.PublicKey:
		return "an EC key on " + key.Curve.Params().Name
	case ed25519.PublicKey:
		return "an Ed25519 key"
	}
	return fmt.Sprintf("a %T", public)
}
