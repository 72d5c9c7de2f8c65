package dpop

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

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

func claimsFor(now time.Time, method string, target *url.URL, token, nonce string) claims {
	if method == "" {
		method = http.MethodGet
	}
	c := claims{ID: rand.Text(), Method: method, Target: htu(target), Issued: now.Unix(), Nonce: nonce}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		c.Token = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return c
}

// htu is the target without query and fragment, normalized as RFC 3986 sections 6.2.2 and 6.2.3 have it, since not every
// server does that before it compares.
func htu(u *url.URL) string {
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	return origin(u) + path
}

func origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return scheme + "://" + host
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

// Thumbprint is the key's, as tokens that are bound to it hold it ("jkt", RFC 9449 section 6.1).
func (k *Key) Thumbprint() string { return k.key.Thumbprint() }

// Algorithm is what proofs are signed with.
func (k *Key) Algorithm() keys.Algorithm { return k.algorithm }

func (k *Key) sign(c claims) (string, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	proof := make([]byte, 0, len(k.header)+2*len(payload)+128)
	proof = append(proof, k.header...)
	proof = base64.RawURLEncoding.AppendEncode(proof, payload)
	signature, err := k.key.Sign(k.algorithm, proof)
	if err != nil {
		return "", err
	}
	proof = append(proof, '.')
	return string(base64.RawURLEncoding.AppendEncode(proof, signature)), nil
}
