package sim

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/alf-go/alf"
)

const (
	// platform is the issuer of the assertions of WorkloadIdentity, and platformAudience their audience.
	platform         = "https://platform.sim.test"
	platformAudience = "https://auth.sim.test"
	// assertionLife is that of a projected service account token that is replaced often.
	assertionLife = 10 * time.Minute
)

// WorkloadIdentity is a source of assertions for alf.AuthExternalAssertion, in place of the platform that makes them in
// production (RFC 7523 section 2.2, made by another party): a new one at each call, signed by a key that
// [Server.Configure] registers, about a subject such as "system:serviceaccount:shop:orders".
func (s *Server) WorkloadIdentity(subject string) alf.SecretFunc {
	return func(context.Context) (string, error) {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: s.platformKey()}, (&jose.SignerOptions{}).WithType("JWT"))
		if err != nil {
			return "", err
		}
		now := s.clock.Now()
		return jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: platform, Subject: subject, Audience: jwt.Audience{platformAudience}, ID: rand.Text(),
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(assertionLife)),
		}).Serialize()
	}
}

// newPlatformKey returns what makes the key of the platform when it is needed.
func newPlatformKey() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }
