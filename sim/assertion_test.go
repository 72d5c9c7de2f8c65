package sim_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

// sign makes a JSON Web Token of claims.
func sign(t *testing.T, algorithm jose.SignatureAlgorithm, key any, options *jose.SignerOptions, claims any) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	require.NoError(t, err)
	payload, err := json.Marshal(claims)
	require.NoError(t, err)
	signed, err := signer.Sign(payload)
	require.NoError(t, err)
	token, err := signed.CompactSerialize()
	require.NoError(t, err)
	return token
}

// in is a time from now as claims have it.
func in(d time.Duration) *jwt.NumericDate { return jwt.NewNumericDate(time.Now().Add(d)) }

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

func (p *pair) assert(assertion string, more ...string) said {
	usual := []string{"client_id", "me", "client_assertion_type", assertionType, "client_assertion", assertion}
	return p.post(form(append(usual, more...)...), nothing)
}

func TestAssertion_IsRefusedForWhateverIsWrongWithIt(t *testing.T) {
	key, secret := newKey(t), []byte(strings.Repeat("s", 32))
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	require.NoError(t, err)
	own := startFor(t, sim.Registration{ClientID: "me", AuthStyle: alf.AuthPrivateKeyJWT, Keys: []crypto.PublicKey{key.Public()}}, sim.Options{})
	shared := startFor(t, sim.Registration{ClientID: "me", AuthStyle: alf.AuthSecretJWT, Secret: string(secret)}, sim.Options{})

	for name, c := range map[string]struct {
		to        *pair
		algorithm jose.SignatureAlgorithm
		key       any
		spoil     func(*jwt.Claims)
		why       string
	}{
		"good":                         {own, jose.ES256, key, nil, ""},
		"good, for the issuer":         {own, jose.ES256, key, func(c *jwt.Claims) { c.Audience = jwt.Audience{own.kit.Issuer()} }, ""},
		"good, with the secret":        {shared, jose.HS256, secret, nil, ""},
		"another key":                  {own, jose.ES256, newKey(t), nil, "not signed by"},
		"another secret":               {shared, jose.HS256, []byte(strings.Repeat("t", 32)), nil, "not signed by"},
		"the public key as a secret":   {own, jose.HS256, public, nil, "unexpected signature algorithm"},
		"another server's":             {own, jose.ES256, key, func(c *jwt.Claims) { c.Audience = jwt.Audience{"https://other.example.com"} }, "(aud)"},
		"without an audience":          {own, jose.ES256, key, func(c *jwt.Claims) { c.Audience = nil }, "(aud)"},
		"another client's":             {own, jose.ES256, key, func(c *jwt.Claims) { c.Issuer, c.Subject = "other", "other" }, "(iss)"},
		"made by another":              {own, jose.ES256, key, func(c *jwt.Claims) { c.Issuer = "other" }, "(iss)"},
		"about another":                {own, jose.ES256, key, func(c *jwt.Claims) { c.Subject = "other" }, "(sub)"},
		"expired":                      {own, jose.ES256, key, func(c *jwt.Claims) { c.Expiry = in(-time.Minute) }, "(exp)"},
		"without an end":               {own, jose.ES256, key, func(c *jwt.Claims) { c.Expiry = nil }, "(exp)"},
		"all too lasting":              {own, jose.ES256, key, func(c *jwt.Claims) { c.Expiry = in(2 * time.Hour) }, "longer than"},
		"not yet valid":                {own, jose.ES256, key, func(c *jwt.Claims) { c.NotBefore = in(time.Minute) }, "(nbf)"},
		"made tomorrow":                {own, jose.ES256, key, func(c *jwt.Claims) { c.IssuedAt = in(24 * time.Hour) }, "(iat)"},
		"without a name":               {own, jose.ES256, key, func(c *jwt.Claims) { c.ID = "" }, "(jti)"},
		"without a name, with the key": {shared, jose.HS256, secret, func(c *jwt.Claims) { c.ID = "" }, "(jti)"},
	} {
		t.Run(name, func(t *testing.T) {
			claims := jwt.Claims{
				Issuer: "me", Subject: "me", Audience: jwt.Audience{c.to.kit.TokenURL()}, ID: rand.Text(),
				IssuedAt: in(0), Expiry: in(time.Minute),
			}
			if c.spoil != nil {
				c.spoil(&claims)
			}
			assertion := sign(t, c.algorithm, c.key, nil, claims)
			requireVerified(t, c.to.assert(assertion), c.why)
			if c.why == "" {
				requireVerified(t, c.to.assert(assertion), "used before (jti)")
			}
		})
	}

	good := sign(t, jose.ES256, key, nil, jwt.Claims{
		Issuer: "me", Subject: "me", Audience: jwt.Audience{own.kit.TokenURL()}, ID: "good", Expiry: in(time.Minute),
	})
	requireVerified(t, own.assert("not.a.token"), "cannot be read")
	requireVerified(t, own.assert(""), "cannot be read")
	requireVerified(t, own.assert(good, "client_id", "other"), "no such client")
	requireVerified(t, own.assert(good, "client_assertion_type", "saml"), "client_assertion_type")
	requireTwice(t, own.assert(good, "client_secret", "x"))
	requireVerified(t, own.assert(good), "")
}

// Of a party whose key is not known, the claims are verified all the same; with its key, the signature is too.
func TestAssertion_OfAnUnknownPartyIsVerifiedByItsClaims(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		key, subject := newKey(c.T), "system:serviceaccount:shop:orders"
		cfg := production(c.T, alf.AuthExternalAssertion, c.server)
		cfg.Assertion.Source = func(context.Context) (string, error) {
			return sign(c.T, jose.ES256, key, nil, jwt.Claims{
				Issuer: "https://cluster.example.com", Subject: subject, Audience: jwt.Audience{"https://login.example.com"},
				Expiry: jwt.NewNumericDate(cfg.Clock.Now().Add(time.Hour)),
			}), nil
		}
		cfg.Clock = clock.New()
		if mock, ok := c.server.Config().Clock.(*clock.Mock); ok {
			cfg.Clock = mock
		}
		pointed, err := c.server.Configure(cfg)
		require.NoError(c, err)
		refresh := func() error {
			_, err := c.started(pointed).Refresh(c.Context())
			return err
		}
		require.NoError(c, refresh())
		key = newKey(c.T)
		require.NoError(c, refresh(), "no key is known")
		subject = "another"
		require.ErrorContains(c, refresh(), "(sub)")

		subject = "system:serviceaccount:shop:orders"
		require.NoError(c, c.server.Register(sim.Registration{
			ClientID: "orders", AuthStyle: alf.AuthExternalAssertion, Keys: []crypto.PublicKey{key.Public()},
			Issuer: "https://cluster.example.com", Subject: subject, Audience: "https://login.example.com",
		}))
		_, err = c.server.Configure(cfg)
		require.NoError(c, err)
		require.NoError(c, refresh())
		key = newKey(c.T)
		require.ErrorContains(c, refresh(), "not signed by")
	})
}

func TestAssertion_AnExternalOneComesAsOftenAsItIsRead(t *testing.T) {
	key := newKey(t)
	p := startFor(t, sim.Registration{
		ClientID: "me", AuthStyle: alf.AuthExternalAssertion, Keys: []crypto.PublicKey{key.Public()},
		Issuer: "https://platform.example.com", Subject: "workload", Audience: "https://servers.example.com",
	}, sim.Options{})
	claims := jwt.Claims{
		Issuer: "https://platform.example.com", Subject: "workload", Audience: jwt.Audience{"https://servers.example.com"},
		Expiry: in(time.Minute),
	}
	assertion := sign(t, jose.ES256, key, nil, claims)
	requireVerified(t, p.assert(assertion), "")
	requireVerified(t, p.assert(assertion), "")
	claims.Audience = jwt.Audience{p.kit.TokenURL()}
	requireVerified(t, p.assert(sign(t, jose.ES256, key, nil, claims)), "(aud)")
	claims.Audience, claims.Subject = jwt.Audience{"https://servers.example.com"}, "another workload"
	requireVerified(t, p.assert(sign(t, jose.ES256, key, nil, claims)), "(sub)")
	claims.Issuer, claims.Subject = "me", "me"
	requireVerified(t, p.assert(sign(t, jose.ES256, key, nil, claims)), "(iss)")
}
