package server

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// longestAssertion is the furthest end of an assertion that is taken: for that long it has to be remembered.
	longestAssertion = time.Hour
	// leeway is for a clock that is set back between two looks at it.
	leeway = time.Second
)

// Assertion is a client that sends a JSON Web Token to authenticate (RFC 7523).
type Assertion struct {
	// Algorithm and Key are what it must be signed with: the secret, or a public key.
	Algorithm jose.SignatureAlgorithm
	Key       any
	// Issuer, Subject and Audience are what it must name. Empty: the client itself has made it, for this server, and
	// may send it only once. What a third party made is read from where they put it, and so comes as often as it is
	// read.
	Issuer, Subject, Audience string
}

func (m Assertion) name() string {
	if strings.HasPrefix(string(m.Algorithm), "HS") {
		return "client_secret_jwt"
	}
	return "private_key_jwt"
}

func (m Assertion) refuse(r *http.Request, a *Auth) error {
	if !a.names(r) {
		return errOther
	}
	if r.PostFormValue("client_assertion_type") != jwtBearer {
		return errors.New("the client_assertion_type is not that of a JWT")
	}
	// Naming the algorithm keeps a public key from being taken for a secret.
	token, err := jwt.ParseSigned(r.PostFormValue("client_assertion"), []jose.SignatureAlgorithm{m.Algorithm})
	if err != nil {
		return fmt.Errorf("the assertion cannot be read: %w", err)
	}
	var claims jwt.Claims
	if err := token.Claims(m.Key, &claims); err != nil {
		return fmt.Errorf("the assertion is not signed by the client's key: %w", err)
	}
	return m.verify(claims, a, time.Now())
}

// verify is RFC 7523 section 3.
func (m Assertion) verify(claims jwt.Claims, a *Auth, now time.Time) error {
	want := jwt.Expected{Issuer: m.Issuer, Subject: m.Subject, AnyAudience: jwt.Audience{m.Audience}, Time: now}
	others := m.Issuer != ""
	if !others {
		want.Issuer, want.Subject, want.AnyAudience = a.client.ID, a.client.ID, jwt.Audience{a.Issuer(), a.TokenURL()}
	}
	if err := claims.ValidateWithLeeway(want, leeway); err != nil {
		return err
	}
	switch {
	case claims.Expiry == nil:
		return errors.New("the assertion has no end (exp)")
	case claims.Expiry.Time().Sub(now) > longestAssertion:
		return fmt.Errorf("the assertion lives longer than %v", longestAssertion)
	case others:
		return nil
	case claims.ID == "":
		return errors.New("the assertion has no name (jti)")
	case !a.assertions.first(claims.ID, now):
		return errors.New("the assertion was used before (jti)")
	}
	return nil
}
