package fetcher

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/alf-go/alf/keys"
)

// What [Assertion].Audience may say instead of naming it.
const (
	// AudienceIssuer is the Issuer, which draft-ietf-oauth-rfc7523bis demands.
	AudienceIssuer = "issuer"
	// AudienceTokenEndpoint is the address the request goes to, as RFC 7523
	// section 3 has it.
	AudienceTokenEndpoint = "token_endpoint"
)

const (
	// jwtBearer is the client_assertion_type of RFC 7523 section 2.2.
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	defaultAssertionLife = time.Minute
	// longestAssertionLife is what no server needs to exceed. A proof that
	// lives for long is a secret that was sent around.
	longestAssertionLife = time.Hour
)

// Assertion tells how the styles SecretJWT, PrivateKeyJWT and ExternalAssertion
// prove who the client is: by a JSON Web Token (RFC 7523). Its zero value is
// the default of everything but Key and Source.
type Assertion struct {
	// Key signs the assertion of PrivateKeyJWT; see keys.File and keys.Signer.
	Key keys.Func
	// Source returns the assertion of ExternalAssertion. It is read at every
	// fetch; SecretFile suits a projected service account token.
	Source SecretFunc

	// Audience is the assertion's "aud": AudienceIssuer, AudienceTokenEndpoint,
	// or a text to send as it is. Empty: the token endpoint, which nearly all
	// servers take; those that go by draft-ietf-oauth-rfc7523bis take their
	// issuer alone.
	Audience string
	// Algorithm is what it is signed with. Empty: the key's own for
	// PrivateKeyJWT (see keys.New), or if the Issuer does not list that, the
	// first that it lists and the key can; HS256 for SecretJWT, whose others are
	// HS384 and HS512.
	Algorithm string
	// Type is the "typ" of its header. Empty: there is none;
	// draft-ietf-oauth-rfc7523bis wants "client-authentication+jwt".
	Type string
	// Lifetime is the time from its making to its "exp", whole seconds from 1 s
	// to 1 h. 0: 1 min.
	Lifetime time.Duration
	// Format is the client_assertion_type. Empty: that of RFC 7523, a JWT.
	Format string
}

func (a Assertion) format() string {
	if a.Format != "" {
		return a.Format
	}
	return jwtBearer
}

func (a Assertion) lifetime() time.Duration {
	if a.Lifetime > 0 {
		return a.Lifetime
	}
	return defaultAssertionLife
}

// audience is whom the assertion is for.
func (a Assertion) audience(to *endpoint) string {
	switch a.Audience {
	case AudienceIssuer:
		return to.issuer
	case AudienceTokenEndpoint, "":
		return to.address
	}
	return a.Audience
}

// claims are those of RFC 7523 section 3. They are never the same twice, so
// that a server that remembers them takes every attempt's.
func (c *conversation) claims(to *endpoint) ([]byte, error) {
	now := c.cfg.Clock.Now()
	return json.Marshal(struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Audience string `json:"aud"`
		Issued   int64  `json:"iat"`
		Expires  int64  `json:"exp"`
		ID       string `json:"jti"`
	}{
		c.cfg.ClientID, c.cfg.ClientID, c.cfg.Assertion.audience(to),
		now.Unix(), now.Add(c.cfg.Assertion.lifetime()).Unix(), rand.Text(),
	})
}

// assertion makes, or passes on, what proves the client in one attempt.
func (c *conversation) assertion(ctx context.Context, to *endpoint, who *identity) (string, error) {
	if !c.cfg.AuthStyle.signs() {
		return who.secret, nil
	}
	payload, err := c.claims(to)
	if err != nil {
		return "", err
	}
	if c.cfg.AuthStyle == PrivateKeyJWT {
		return who.key.JWT(ctx, c.cfg.keyAlgorithm(who.key, to.algorithms), c.cfg.Assertion.Type, payload)
	}
	return c.signWithSecret(who.secret, payload)
}

// minSecret is what RFC 7518 section 3.2 demands, in bytes.
var minSecret = map[string]int{"HS256": 32, "HS384": 48, "HS512": 64}

func (c *conversation) signWithSecret(secret string, payload []byte) (string, error) {
	algorithm := c.cfg.secretAlgorithm()
	if least := minSecret[algorithm]; len(secret) < least {
		return "", unfit{fmt.Errorf("the client secret has %d bytes, and %s needs %d: register a longer one", len(secret), algorithm, least)}
	}
	options := &jose.SignerOptions{}
	if c.cfg.Assertion.Type != "" {
		options.WithType(jose.ContentType(c.cfg.Assertion.Type))
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

// unfit is what trying again soon will not mend.
type unfit struct{ error }

func (u unfit) Unwrap() error { return u.error }

func (c *Config) secretAlgorithm() string {
	if c.Assertion.Algorithm != "" {
		return c.Assertion.Algorithm
	}
	return "HS256"
}

// keyAlgorithm is what a key signs with for a server that takes only some
// algorithms; nil: it does not say which.
func (c *Config) keyAlgorithm(key *keys.Key, taken []string) keys.Algorithm {
	if c.Assertion.Algorithm != "" {
		return keys.Algorithm(c.Assertion.Algorithm)
	}
	if taken == nil || slices.Contains(taken, string(key.Algorithm())) {
		return key.Algorithm()
	}
	for _, algorithm := range taken {
		if algorithm != "" && key.CanSign(keys.Algorithm(algorithm)) == nil {
			return keys.Algorithm(algorithm)
		}
	}
	return key.Algorithm()
}
