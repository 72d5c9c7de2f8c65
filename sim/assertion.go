package sim

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/alf-go/alf"
)

const (
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	// longestAssertion is the furthest end of an assertion that is accepted: for that long it has to be remembered.
	longestAssertion = time.Hour
	// leeway is for a clock that is set back between two looks at it.
	leeway = time.Second
)

// checkAssertion says why an assertion does not authenticate the client; nil: it does.
func (s *Server) checkAssertion(r *http.Request, form url.Values, c client) error {
	if form.Get("client_assertion_type") != jwtBearer {
		return errors.New("the client_assertion_type is not that of a JWT")
	}
	token, err := c.registered.verifyAssertion(form.Get("client_assertion"), c.secret())
	if err != nil {
		return err
	}
	claims, err := token.claims()
	if err != nil {
		return fmt.Errorf("the assertion cannot be read: %w", err)
	}
	return s.checkClaims(claims, c, s.acceptedAudiences(r))
}

// verifyAssertion is about the signature, and about the certificate that the header names.
func (r *Registration) verifyAssertion(text, secret string) (*signedJWT, error) {
	var among []any
	for _, key := range r.Keys {
		among = append(among, key)
	}
	if r.AuthStyle == alf.AuthSecretJWT {
		among = []any{[]byte(secret)}
	}
	var token *signedJWT
	var err error
	if len(among) == 0 { // of another party, whose key is not known
		if token, err = parseJWT(text, r.algorithms()); err != nil {
			err = fmt.Errorf("cannot be read: %w", err)
		}
	} else {
		token, err = verifyJWT(text, r.algorithms(), among)
	}
	switch {
	case errors.Is(err, errSignature):
		return nil, errors.New("the assertion is not signed by the client's key")
	case err != nil:
		return nil, fmt.Errorf("the assertion %w", err)
	}
	if r.Certificate != nil && !names(token.header, r.Certificate) {
		return nil, errors.New("the assertion does not name the certificate on record (x5t, x5t#S256, x5c)")
	}
	return token, nil
}

// names reports whether the header of a JSON Web Token names a certificate, and no other one (RFC 7515 section 4.1).
func names(header map[string]any, certificate *x509.Certificate) bool {
	sha1Sum, sha256Sum := sha1.Sum(certificate.Raw), sha256.Sum256(certificate.Raw)
	found := false
	for name, want := range map[string]string{
		"x5t":      base64.RawURLEncoding.EncodeToString(sha1Sum[:]),
		"x5t#S256": base64.RawURLEncoding.EncodeToString(sha256Sum[:]),
		"x5c":      base64.StdEncoding.EncodeToString(certificate.Raw),
	} {
		value, given := header[name]
		if chain, ok := value.([]any); ok && len(chain) > 0 {
			value = chain[0]
		}
		if given && value != want {
			return false
		}
		found = found || given
	}
	return found
}

// checkClaims is RFC 7523 section 3.
func (s *Server) checkClaims(claims jwt.Claims, c client, audiences []string) error {
	r, now := c.registered, s.clock.Now()
	want := jwt.Expected{Issuer: r.Issuer, Subject: r.Subject, AnyAudience: jwt.Audience{r.Audience}, Time: now}
	external := r.AuthStyle == alf.AuthExternalAssertion
	if !external {
		want.Issuer, want.Subject, want.AnyAudience = c.id, c.id, audiences
		if r.Audience != "" {
			want.AnyAudience = append(want.AnyAudience, r.Audience)
		}
	}
	if err := claims.ValidateWithLeeway(want, leeway); err != nil {
		return err
	}
	switch {
	case claims.Expiry == nil:
		return errors.New("the assertion has no end (exp)")
	case external:
		return nil // it is read from where another party put it, and so comes as often as it is read
	case claims.Expiry.Time().Sub(now) > longestAssertion:
		return fmt.Errorf("the assertion lives longer than %v", longestAssertion)
	case claims.ID == "":
		return errors.New("the assertion has no name (jti)")
	case !s.assertions.first(claims.ID, now):
		return errors.New("the assertion was used before (jti)")
	}
	return nil
}
