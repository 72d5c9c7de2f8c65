package dpop

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/keys"
)

// claims are those of RFC 9449 section 4.2.
type claims struct {
	ID     string `json:"jti"`
	Method string `json:"htm"`
	Target string `json:"htu"`
	Issued int64  `json:"iat"`
	Token  string `json:"ath,omitempty"`
	Nonce  string `json:"nonce,omitempty"`
}

// htu is the target as net/http sends it, without query and fragment, and spelled as servers expect it that do not
// normalize before they compare: scheme and host in lower case, without a port that goes without saying.
func htu(u *url.URL) string {
	path, _, _ := strings.Cut(u.RequestURI(), "?")
	if strings.HasPrefix(u.Opaque, "//") {
		return path
	}
	return wire.Origin(u) + path
}

// Key is a key that is ready to sign proofs.
type Key struct {
	key       *keys.Key
	algorithm keys.Algorithm
	header    string // with the dot that follows it
}

// newKey builds what all proofs of a key begin with: only claims and signature differ from one to the next.
func newKey(key *keys.Key, algorithm keys.Algorithm) (*Key, error) {
	if algorithm == "" {
		algorithm = key.Algorithm()
	}
	if err := key.CanSign(algorithm); err != nil {
		return nil, err
	}
	header, err := json.Marshal(struct {
		Type      string          `json:"typ"`
		Algorithm keys.Algorithm  `json:"alg"`
		Key       json.RawMessage `json:"jwk"`
	}{"dpop+jwt", algorithm, key.PublicJWK()})
	if err != nil {
		return nil, err
	}
	return &Key{key, algorithm, base64.RawURLEncoding.EncodeToString(header) + "."}, nil
}

// Thumbprint is the key's thumbprint, as tokens that are bound to the key contain it ("jkt", RFC 9449 section 6.1).
func (k *Key) Thumbprint() string { return k.key.Thumbprint() }

// Algorithm is what proofs are signed with.
func (k *Key) Algorithm() keys.Algorithm { return k.algorithm }

func (k *Key) proof(ctx context.Context, c claims) (string, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("dpop: %w", err)
	}
	proof := make([]byte, 0, len(k.header)+2*len(payload)+128)
	proof = append(proof, k.header...)
	proof = base64.RawURLEncoding.AppendEncode(proof, payload)
	signature, err := k.key.Sign(ctx, k.algorithm, proof)
	if err != nil {
		return "", fmt.Errorf("dpop: %w", err)
	}
	proof = append(proof, '.')
	return string(base64.RawURLEncoding.AppendEncode(proof, signature)), nil
}
