package gooidc

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/luikyv/go-oidc/pkg/goidc"
)

// proofAlgorithms are those a DPoP proof may be signed with.
var proofAlgorithms = []goidc.SignatureAlgorithm{jose.ES256, jose.RS256, jose.EdDSA}

// check is what the API does with a token: it has the library verify it, by the keys it publishes, and then sees to
// what the token is bound to by itself, since the library keeps its own means for that.
func (s *Server) check(r *http.Request, token string) error {
	info, _, err := s.running.Load().Introspect(r.Context(), token)
	if err != nil {
		return err
	}
	if !info.IsActive {
		return errors.New("the token is not active")
	}
	if info.ResourceAudiences != nil && !slices.Contains(info.ResourceAudiences, resources[0]) {
		return errors.New("the token is for others")
	}
	bound := info.Confirmation
	if bound == nil {
		bound = new(goidc.TokenConfirmation)
	}
	if bound.CertThumbprint != "" {
		if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 || digest(r.TLS.PeerCertificates[0].Raw) != bound.CertThumbprint {
			return errors.New("the token is bound to another certificate")
		}
	}
	if proof := r.Header.Values("DPoP"); bound.JWKThumbprint != "" || len(proof) > 0 {
		if len(proof) != 1 {
			return errors.New("the token needs one proof")
		}
		return s.checkProof(r, proof[0], token, bound.JWKThumbprint)
	}
	return nil
}

// checkProof is RFC 9449 section 4.3.
func (s *Server) checkProof(r *http.Request, proof, token, thumbprint string) error {
	parsed, err := jwt.ParseSigned(proof, proofAlgorithms)
	if err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	header := parsed.Headers[0]
	if header.ExtraHeaders[jose.HeaderType] != "dpop+jwt" {
		return errors.New("proof: typ")
	}
	if header.JSONWebKey == nil || !header.JSONWebKey.IsPublic() {
		return errors.New("proof: jwk")
	}
	key, err := header.JSONWebKey.Thumbprint(crypto.SHA256)
	if err != nil || base64.RawURLEncoding.EncodeToString(key) != thumbprint {
		return errors.New("proof: of a key the token is not bound to")
	}
	var claims struct {
		jwt.Claims
		Method string `json:"htm"`
		URI    string `json:"htu"`
		Token  string `json:"ath"`
	}
	if err := parsed.Claims(header.JSONWebKey.Key, &claims); err != nil {
		return fmt.Errorf("proof: %w", err)
	}
	switch {
	case claims.Method != r.Method:
		return errors.New("proof: htm")
	case claims.URI != "https://"+r.Host+r.URL.Path:
		return errors.New("proof: htu")
	case claims.Token != digest([]byte(token)):
		return errors.New("proof: ath")
	case claims.IssuedAt == nil || time.Since(claims.IssuedAt.Time()).Abs() > time.Minute:
		return errors.New("proof: iat")
	}
	return s.proofs.use(claims.ID)
}

func digest(of []byte) string {
	sum := sha256.Sum256(of)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
