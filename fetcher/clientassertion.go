package fetcher

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/alf-go/alf/keys"
)

// backdated is how far "iat" and "nbf" of an assertion lie back. fosite refuses an assertion whose "iat" is 1 s in the
// future, go-oidc one of 2 s, and clocks differ by more than that.
const backdated = 10 * time.Second

// claims are those of RFC 7523 section 3. They are never the same twice, so that a server that remembers them accepts
// every attempt's.
func (c *client) claims(to *endpoint) ([]byte, error) {
	now := c.cfg.Clock.Now()
	issued := now.Add(-backdated).Unix()
	claims := map[string]any{
		"iss": c.cfg.ClientID, "sub": c.cfg.ClientID, "aud": c.cfg.Assertion.audience(to),
		"iat": issued, "nbf": issued, "exp": now.Add(c.cfg.Assertion.lifetime()).Unix(), "jti": rand.Text(),
	}
	for name, value := range c.cfg.Assertion.Claims {
		claims[name] = value
	}
	return json.Marshal(claims)
}

// assertion returns the client assertion of one attempt: made here, or read from Source.
func (c *client) assertion(ctx context.Context, to *endpoint, creds *credentials) (string, error) {
	if !c.cfg.AuthStyle.signs() {
		return creds.secret, nil
	}
	payload, err := c.claims(to)
	if err != nil {
		return "", err
	}
	header := c.cfg.Assertion.header(creds)
	if c.cfg.AuthStyle == PrivateKeyJWT {
		return creds.key.SignJWT(ctx, c.cfg.keyAlgorithm(creds.key, to.algorithms), header, payload)
	}
	return c.signWithSecret(creds.secret, header, payload)
}

// header has the members of the assertion's header beside "alg" and "kid".
func (a *Assertion) header(creds *credentials) map[string]any {
	header := maps.Clone(a.Header)
	if header == nil {
		header = map[string]any{}
	}
	if a.Type != "" {
		header["typ"] = a.Type
	}
	if creds.chain == nil {
		return header
	}
	names := a.CertificateHeader
	if len(names) == 0 {
		names = []string{"x5t", "x5t#S256"}
	}
	leaf := creds.chain.Certificate[0]
	if slices.Contains(names, "x5t") {
		sum := sha1.Sum(leaf) // a name, not a proof: the signature is what counts
		header["x5t"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if slices.Contains(names, "x5t#S256") {
		sum := sha256.Sum256(leaf)
		header["x5t#S256"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if slices.Contains(names, "x5c") {
		var chain []string
		for _, der := range creds.chain.Certificate {
			chain = append(chain, base64.StdEncoding.EncodeToString(der))
		}
		header["x5c"] = chain
	}
	return header
}

// minSecret is what RFC 7518 section 3.2 requires, in bytes.
var minSecret = map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}

func (c *client) signWithSecret(secret string, header map[string]any, payload []byte) (string, error) {
	algorithm := c.cfg.secretAlgorithm()
	if least := minSecret[algorithm]; len(secret) < least {
		return "", permanentError{fmt.Errorf("the client secret has %d bytes, and %s needs %d: register a longer one", len(secret), algorithm, least)}
	}
	options := &jose.SignerOptions{}
	for name, value := range header {
		options.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: []byte(secret)}, options)
	if err != nil {
		return "", errors.New("the client secret cannot sign with " + algorithm)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}

// permanentError is a failure to make a request that will fail again until a setting has changed.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

func isPermanent(err error) bool { return errors.As(err, new(permanentError)) }

func (c *Config) secretAlgorithm() string {
	if c.Assertion.Algorithm != "" {
		return c.Assertion.Algorithm
	}
	return "HS256"
}

// keyAlgorithm is what a key signs with for a server that accepts only some algorithms; nil: it does not list them.
func (c *Config) keyAlgorithm(key *keys.Key, accepted []string) keys.Algorithm {
	if c.Assertion.Algorithm != "" {
		return keys.Algorithm(c.Assertion.Algorithm)
	}
	if accepted == nil || slices.Contains(accepted, string(key.Algorithm())) {
		return key.Algorithm()
	}
	for _, algorithm := range accepted {
		if algorithm != "" && key.CanSign(keys.Algorithm(algorithm)) == nil {
			return keys.Algorithm(algorithm)
		}
	}
	return key.Algorithm()
}
