package gooidc

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"github.com/alf-go/alf/interop/lab"
)

const (
	tokenPath = "/token"
	scope     = "stock:read"
	lifetime  = 3 * time.Second
	// leeway makes up for the part of a second that lifetimes lose.
	leeway = 1
)

// resources are what tokens may be asked for (RFC 8707). The API wants to be among those of tokens that name any.
var resources = goidc.Resources{"https://stock.example.com", "https://orders.example.com"}

// running is a provider together with its endpoints and the API.
type running struct {
	*provider.Provider
	mux *http.ServeMux
}

// load makes a new provider, with the clients and the key as they are now.
func (s *Server) load() error {
	clients := make([]*goidc.Client, len(s.accounts))
	for i, a := range s.accounts {
		clients[i] = a.client()
	}
	key := s.key
	op, err := provider.New(
		provider.Config{
			Issuer:      s.open.URL(),
			Manager:     s.grants,
			IDTokenAlgs: []goidc.SignatureAlgorithm{jose.ES256},
			JWKS: func(context.Context) (goidc.JSONWebKeySet, error) {
				return goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{key}}, nil
			},
		},
		provider.WithStaticClients(clients...),
		provider.WithScopes(goidc.NewScope(scope)),
		provider.WithClientCredentialsGrant(),
		provider.WithSecretBasicAuthn(),
		provider.WithSecretPostAuthn(),
		provider.WithSecretJWTAuthn(jose.HS256),
		// EdDSA is not among the algorithms it names, but it takes what go-jose can do.
		provider.WithPrivateKeyJWTAuthn(jose.RS256, jose.PS256, jose.ES256, jose.ES384, jose.EdDSA),
		provider.WithTLSAuthn(),
		provider.WithSelfSignedTLSAuthn(),
		provider.WithMTLS(provider.MTLSConfig{Host: s.secure.URL(), ClientCert: s.clientCertificate}, provider.WithMTLSTokenBinding()),
		provider.WithDPoP(proofAlgorithms),
		provider.WithResourceIndicators(resources),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewJWTTokenOptions(jose.ES256, int(lifetime/time.Second))
		}),
		provider.WithTokenRevocation(
			func(context.Context, *goidc.Client) bool { return true },
			provider.WithTokenRevocationRevokeGrantOnAccessToken(),
		),
		provider.WithTokenIntrospection(func(context.Context, *goidc.Client, goidc.TokenInfo) bool { return true }),
		provider.WithJTIConsumer(func(_ context.Context, jti string) error { return s.jtis.use(jti) }),
		provider.WithJWTLeewayTime(leeway),
	)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	op.RegisterRoutes(mux, withCertificate)
	r := &running{op, mux}
	mux.Handle("/api", lab.Guard("Bearer", s.check))
	mux.Handle("/dpop/api", lab.Guard("DPoP", s.check))
	s.running.Store(r)
	return nil
}

type certificateKey struct{}

// withCertificate puts the certificate of a request where clientCertificate finds it.
func withCertificate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			r = r.WithContext(context.WithValue(r.Context(), certificateKey{}, r.TLS.PeerCertificates[0]))
		}
		next.ServeHTTP(w, r)
	})
}

// clientCertificate verifies the certificate of a request, except for one that signs itself, which the server compares
// with those it knows.
func (s *Server) clientCertificate(ctx context.Context) (*x509.Certificate, error) {
	certificate, ok := ctx.Value(certificateKey{}).(*x509.Certificate)
	if !ok {
		return nil, errors.New("no client certificate")
	}
	if certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature) == nil {
		return certificate, nil
	}
	_, err := certificate.Verify(x509.VerifyOptions{
		Roots:     s.authority.Pool(),
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return certificate, err
}
