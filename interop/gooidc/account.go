package gooidc

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"sync/atomic"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/alf-go/alf/internal/pki"
)

// account is a client, with its credentials.
type account struct {
	id     string
	method goidc.AuthnMethod
	alg    jose.SignatureAlgorithm // of a private_key_jwt
	dpop   bool                    // its tokens are bound to a key
	// resources are what it wants tokens for; nil: it does not say
	resources goidc.Resources
	discovery bool // it is given the issuer, not the token endpoint
	bis       bool // its assertions are as draft-ietf-oauth-rfc7523bis wants them

	current atomic.Pointer[credentials]
}

// credentials are a secret, or a key and its id, or a certificate. Rotation replaces all there is.
type credentials struct {
	secret      string
	key         crypto.Signer
	kid         string
	certificate *tls.Certificate
	bound       crypto.Signer // what the tokens are bound to, for clients who bring that themselves
}

func (a *account) credentials() *credentials { return a.current.Load() }

// newAccounts makes the clients, one a row of the table.
func newAccounts(s *Server) ([]*account, error) {
	accounts := []*account{
		// What a server that decodes would take for something else.
		{id: "basic+%", method: goidc.AuthnMethodSecretBasic},
		{id: "basic-dpop", discovery: true, method: goidc.AuthnMethodSecretBasic, dpop: true},
		{id: "post", method: goidc.AuthnMethodSecretPost},
		{id: "post-resources", method: goidc.AuthnMethodSecretPost, resources: resources},
		{id: "secret-jwt", discovery: true, method: goidc.AuthnMethodSecretJWT},
		{id: "rs256", discovery: true, method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.RS256},
		{id: "ps256", method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.PS256},
		{id: "es256", method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.ES256},
		{id: "es256-bis", discovery: true, method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.ES256, bis: true},
		{id: "es384", method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.ES384},
		{id: "eddsa", discovery: true, method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.EdDSA},
		{id: "es256-dpop", discovery: true, method: goidc.AuthnMethodPrivateKeyJWT, alg: jose.ES256, dpop: true},
		{id: "tls", discovery: true, method: goidc.AuthnMethodTLS},
		{id: "self-signed-tls", method: goidc.AuthnMethodSelfSignedTLS},
	}
	for _, a := range accounts {
		c, err := s.fresh(a)
		if err != nil {
			return nil, err
		}
		a.current.Store(c)
	}
	return accounts, nil
}

// fresh makes other credentials of a's kind.
func (s *Server) fresh(a *account) (*credentials, error) {
	switch a.method {
	case goidc.AuthnMethodPrivateKeyJWT:
		key, err := newKey(a.alg)
		if err != nil {
			return nil, err
		}
		bound, err := newKey(jose.ES256)
		return &credentials{key: key, kid: rand.Text(), bound: bound}, err
	case goidc.AuthnMethodTLS:
		// The server knows such a client by its subject alone: with another certificate, it has to be another one.
		certificate, err := s.authority.ForClient(a.id + " " + rand.Text())
		return &credentials{certificate: certificate}, err
	case goidc.AuthnMethodSelfSignedTLS:
		certificate, err := pki.SelfSigned(a.id)
		return &credentials{certificate: certificate}, err
	}
	return &credentials{secret: "100%25 s3cret/+:& " + rand.Text() + rand.Text()}, nil
}

func newKey(alg jose.SignatureAlgorithm) (crypto.Signer, error) {
	switch alg {
	case jose.RS256, jose.PS256:
		return rsa.GenerateKey(rand.Reader, 2048)
	case jose.ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.ES384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case jose.EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	}
	return nil, fmt.Errorf("no keys are made for %s here", alg)
}

// client is the account as the library knows it.
func (a *account) client() *goidc.Client {
	current := a.credentials()
	c := &goidc.Client{ID: a.id, Secret: current.secret, ClientMeta: goidc.ClientMeta{
		GrantTypes:               []goidc.GrantType{goidc.GrantClientCredentials},
		ScopeIDs:                 scope,
		TokenAuthnMethod:         a.method,
		TokenAuthnSigAlg:         a.alg,
		DPoPTokenBindingRequired: a.dpop,
	}}
	switch a.method {
	case goidc.AuthnMethodPrivateKeyJWT:
		c.JWKS = &goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{
			{Key: current.key.Public(), KeyID: current.kid, Algorithm: string(a.alg), Use: "sig"},
		}}
	case goidc.AuthnMethodTLS:
		c.TLSSubjectDistinguishedName = current.certificate.Leaf.Subject.String()
		c.TLSTokenBindingRequired = true
	case goidc.AuthnMethodSelfSignedTLS:
		thumbprint := sha256.Sum256(current.certificate.Leaf.Raw)
		c.JWKS = &goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{{
			Key:                         current.certificate.Leaf.PublicKey,
			KeyID:                       "certificate",
			Use:                         "sig",
			CertificateThumbprintSHA256: thumbprint[:],
		}}}
		c.TLSTokenBindingRequired = true
	}
	return c
}
