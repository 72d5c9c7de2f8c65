package fetcher

import (
	"context"
	"crypto"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/keys"
)

// Values of [Assertion].Audience with a meaning; any other value is sent as it is.
const (
	// AudienceIssuer is the Issuer, which draft-ietf-oauth-rfc7523bis requires.
	AudienceIssuer = "issuer"
	// AudienceTokenEndpoint is the address that the token request goes to (RFC 7523 section 3). It is the default.
	AudienceTokenEndpoint = "token_endpoint"
)

const (
	// jwtBearer is the client_assertion_type of RFC 7523 section 2.2.
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	defaultAssertionLife = time.Minute
	// longestAssertionLife is more than any server needs. An assertion that is valid for long is a secret that was sent
	// around.
	longestAssertionLife = time.Hour
)

// Assertion has the settings of the styles SecretJWT, PrivateKeyJWT and ExternalAssertion, which authenticate the
// client by a JSON Web Token (RFC 7523). The zero value of each field is its default, but PrivateKeyJWT requires Key or
// Certificate, and ExternalAssertion requires Source.
type Assertion struct {
	// Key signs the assertion of PrivateKeyJWT; see keys.File and keys.Signer. Nil: the private key that Certificate
	// returns.
	Key keys.Func
	// Certificate returns the certificate of Key, for servers that know the client by it (Microsoft Entra, ADFS): the
	// header of the assertion names it; see CertificateHeader. [CertificateFile] reads one, [CertificateFiles] one with
	// its private key, which signs if Key is nil. It is for PrivateKeyJWT, and is not presented in TLS handshakes.
	Certificate CertificateFunc
	// CertificateHeader lists the members by which the header names Certificate: "x5t" (its SHA-1 thumbprint, RFC 7515
	// section 4.1.7), "x5t#S256" (SHA-256, section 4.1.8), "x5c" (the certificate and its chain, section 4.1.6). Entra
	// needs "x5c" where it trusts a subject name and issuer rather than one certificate. Empty: "x5t" and "x5t#S256".
	CertificateHeader []string
	// Source returns the assertion of ExternalAssertion. It is called at every fetch; SecretFile suits a projected
	// service account token.
	Source SecretFunc

	// Audience is the assertion's "aud": AudienceIssuer, AudienceTokenEndpoint, or a text to send as it is. Empty: the
	// token endpoint, which nearly all servers accept; those that go by draft-ietf-oauth-rfc7523bis accept their issuer
	// alone.
	Audience string
	// Algorithm is what the assertion is signed with. Empty, for PrivateKeyJWT: the key's own (see keys.New); if the
	// Issuer's metadata list algorithms without it, the first of these that the key can sign with. Empty, for
	// SecretJWT: HS256; it can also use HS384 and HS512.
	Algorithm string
	// Type is the "typ" of the header. Empty: none; draft-ietf-oauth-rfc7523bis requires "client-authentication+jwt".
	Type string
	// Header has further members of the header, and Claims further claims (RFC 7515 section 4, RFC 7519 section 4).
	// Those that this package sets are refused. The values must have a JSON form.
	Header, Claims map[string]any
	// Lifetime is the time until "exp", whole seconds from 1 s to 1 h. 0: 1 min. "iat" and "nbf" lie 10 s back, so that
	// servers without leeway accept the assertion of a client whose clock is ahead.
	Lifetime time.Duration
	// Format is the client_assertion_type. Empty: that of RFC 7523, a JWT.
	Format string
}

func (a Assertion) clone() Assertion {
	a.CertificateHeader = slices.Clone(a.CertificateHeader)
	a.Header, a.Claims = maps.Clone(a.Header), maps.Clone(a.Claims)
	return a
}

func (a *Assertion) format() string {
	if a.Format != "" {
		return a.Format
	}
	return jwtBearer
}

func (a *Assertion) lifetime() time.Duration {
	if a.Lifetime > 0 {
		return a.Lifetime
	}
	return defaultAssertionLife
}

// audience is the assertion's "aud" for an endpoint.
func (a *Assertion) audience(to *endpoint) string {
	switch a.Audience {
	case AudienceIssuer:
		return to.issuer
	case AudienceTokenEndpoint, "":
		return to.address
	}
	return a.Audience
}

// readKey returns the key of PrivateKeyJWT and the certificate that the header names, if there is one.
func (a *Assertion) readKey(ctx context.Context) (*keys.Key, *tls.Certificate, error) {
	var key *keys.Key
	var err error
	if a.Key != nil {
		if key, err = a.Key(ctx); err == nil && key == nil {
			err = errNone
		}
	}
	if err != nil || a.Certificate == nil {
		return key, nil, err
	}
	chain, err := a.Certificate(ctx)
	if err == nil && !hasCertificate(chain) {
		err = errors.New("there is no certificate")
	}
	if err != nil {
		return nil, nil, err
	}
	if key == nil {
		signer, ok := chain.PrivateKey.(crypto.Signer)
		if !ok {
			return nil, nil, errors.New("the certificate comes without its private key: have Assertion.Certificate return it, or set Assertion.Key")
		}
		if key, err = keys.New(signer, "", ""); err != nil {
			return nil, nil, err
		}
	}
	if err := belongs(chain, key); err != nil {
		return nil, nil, err
	}
	return key, chain, nil
}

// belongs fails if a certificate is for another key.
func belongs(chain *tls.Certificate, key *keys.Key) error {
	leaf, err := mtls.Leaf(chain)
	if err != nil {
		return fmt.Errorf("the certificate cannot be read: %w", err)
	}
	public, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(key.Public()) {
		return errors.New("the certificate is for another key")
	}
	return nil
}

// Names that this package sets, and those of RFC 7515 that would change how the assertion is read.
var (
	reservedClaims       = []string{"iss", "sub", "aud", "iat", "nbf", "exp", "jti"}
	reservedHeaderFields = []string{"alg", "kid", "typ", "x5t", "x5t#S256", "x5c", "crit", "b64", "jwk"}
	certificateHeaders   = []string{"x5t", "x5t#S256", "x5c"}
)

func (c *Config) validateAssertion(p *problems) {
	a, style := &c.Assertion, c.AuthStyle
	if a.Audience == AudienceIssuer && c.Issuer == "" {
		p.add("Assertion.Audience", "set Issuer, or the audience's own text", "there is no Issuer to name")
	}
	if _, hmac := minSecret[a.Algorithm]; style == SecretJWT && a.Algorithm != "" && !hmac {
		p.add("Assertion.Algorithm", "use HS256, HS384 or HS512", "%q cannot be used with a secret", a.Algorithm)
	} else if style == PrivateKeyJWT {
		p.nested("Assertion", keys.Algorithm(a.Algorithm).Validate())
	}
	if a.Lifetime != 0 && (a.Lifetime < time.Second || a.Lifetime > longestAssertionLife || a.Lifetime%time.Second != 0) {
		p.add("Assertion.Lifetime", fmt.Sprintf("use 0 for %v", defaultAssertionLife), "%v is not whole seconds from 1s to %v", a.Lifetime, longestAssertionLife)
	}
	for i, name := range a.CertificateHeader {
		if !slices.Contains(certificateHeaders, name) {
			p.add(fmt.Sprintf("Assertion.CertificateHeader[%d]", i), `use "x5t", "x5t#S256" or "x5c"`, "%q does not name a certificate", name)
		}
	}
	if len(a.CertificateHeader) > 0 && a.Certificate == nil {
		p.add("Assertion.CertificateHeader", "set Assertion.Certificate, or unset it", "there is no certificate to name")
	}
	a.validateMembers(p, "Assertion.Header", a.Header, reservedHeaderFields)
	a.validateMembers(p, "Assertion.Claims", a.Claims, reservedClaims)
	for _, unused := range []struct {
		name        string
		set, usable bool
	}{
		{"Certificate", a.Certificate != nil, style == PrivateKeyJWT},
		{"Audience", a.Audience != "", style.signs()},
		{"Algorithm", a.Algorithm != "", style.signs()},
		{"Type", a.Type != "", style.signs()},
		{"Header", len(a.Header) > 0, style.signs()},
		{"Claims", len(a.Claims) > 0, style.signs()},
		{"Lifetime", a.Lifetime != 0, style.signs()},
		{"Format", a.Format != "", style.sendsAssertion()},
	} {
		if unused.set && !unused.usable {
			p.add("Assertion."+unused.name, "remove it, or choose the style that is meant", "not used by AuthStyle %s", style)
		}
	}
}

func (a *Assertion) validateMembers(p *problems, field string, members map[string]any, reserved []string) {
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch _, err := json.Marshal(members[name]); {
		case name == "":
			p.add(field, "name it or remove it", "has a member without a name")
		case slices.Contains(reserved, name):
			p.add(field, "remove it", "%q is set by the fetcher", name)
		case err != nil:
			p.add(field, "use a value that encoding/json can write", "the value of %q has no JSON form", name)
		}
	}
}
