package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// accessTokenType is the "typ" of RFC 9068 section 2.1.
const accessTokenType = "at+jwt"

// signingKeys are the keys of the tokens of [Options].JWT, by number. They are made when they are needed.
type signingKeys []*ecdsa.PrivateKey

func (k *signingKeys) private(number int) *ecdsa.PrivateKey {
	for len(*k) <= number {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err) // crypto/rand does not fail
		}
		*k = append(*k, key)
	}
	return (*k)[number]
}

func (t *tokens) keyID(number int) string { return fmt.Sprintf("%s-%d", t.name, number+1) }

// sign makes the value of a token that is a JSON Web Token (RFC 9068).
func (t *tokens) sign(tok *token) string {
	options := (&jose.SignerOptions{}).WithType(accessTokenType).WithHeader("kid", t.keyID(tok.key))
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: t.keys.private(tok.key)}, options)
	if err != nil {
		panic(err) // a key on P-256 signs with ES256
	}
	value, err := jwt.Signed(signer).Claims(tok.claims(t.name)).Serialize()
	if err != nil {
		panic(err)
	}
	return value
}

// claims are those of RFC 9068 section 2.2 and of RFC 7662 section 2.2, which are the same as far as they go.
func (t *token) claims(name string) map[string]any {
	members := map[string]any{
		"iss": t.issuer, "sub": t.of.client, "client_id": t.of.client, "jti": fmt.Sprintf("%s-%d", name, t.id),
		"iat": t.issued.Unix(), "exp": t.expiry.Unix(),
	}
	switch audiences := t.of.audiences(); len(audiences) {
	case 0:
		members["aud"] = t.issuer // RFC 9068 section 3 wants a default, where none was requested
	case 1:
		members["aud"] = audiences[0]
	default:
		members["aud"] = audiences
	}
	if t.of.scope != "" {
		members["scope"] = t.of.scope
	}
	if cnf := t.bound.confirmation(); cnf != nil {
		members["cnf"] = cnf
	}
	return members
}

// jwks responds with the public keys of the tokens that the API accepts, and of those that it will accept once it has
// learned of their keys; see [Server.RollKeys].
func (s *Server) jwks(w http.ResponseWriter) {
	var set jose.JSONWebKeySet
	s.set(func() { set = s.tokens.public(s.clock.Now()) })
	writeJSON(w, http.StatusOK, set)
}

func (t *tokens) public(now time.Time) (set jose.JSONWebKeySet) {
	for number := t.knownKey(now); number <= len(t.learned); number++ {
		set.Keys = append(set.Keys, jose.JSONWebKey{
			Key: t.keys.private(number).Public(), KeyID: t.keyID(number), Algorithm: string(jose.ES256), Use: "sig",
		})
	}
	return set
}
