package gooidc

import (
	"context"
	"crypto/tls"
	"net/http"

	"github.com/luikyv/go-oidc/pkg/goidc"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/keys"
)

// Cases are the clients.
func (s *Server) Cases() []lab.Case {
	var cases []lab.Case
	for _, a := range s.accounts {
		cases = append(cases, s.newCase(a))
	}
	return cases
}

func (s *Server) newCase(a *account) lab.Case {
	c := lab.Case{
		Name:     a.name(),
		Lifetime: lifetime,
		API:      s.apiURL(a),
		Config:   func() alf.Config { return s.config(a, a.credentials) },
		Says:     "invalid client",
		Rotate: func(context.Context) error {
			fresh, err := s.fresh(a)
			if err != nil {
				return err
			}
			a.current.Store(fresh)
			return s.load()
		},
	}
	c.Wrong = func() alf.Config {
		other, err := s.fresh(a)
		if err != nil {
			panic(err)
		}
		other.kid = a.credentials().kid
		return s.config(a, func() *credentials { return other })
	}
	return c
}

// name is the row's.
func (a *account) name() string {
	name := string(a.method)
	if a.method == goidc.AuthnMethodSecretBasic {
		name += ", raw"
	}
	if a.alg != "" {
		name += ", " + string(a.alg)
	}
	if a.discovery {
		name += ", discovery"
	}
	if a.bis {
		name += ", rfc7523bis"
	}
	if a.dpop {
		name += ", DPoP"
	}
	if a.resources != nil {
		name += ", 2 resources"
	}
	return name
}

func (s *Server) apiURL(a *account) string {
	switch {
	case a.dpop:
		return s.open.URL() + "/dpop/api"
	case a.credentials().certificate != nil:
		return s.secure.URL() + "/api"
	}
	return s.open.URL() + "/api"
}

// config is that of a client with whatever credentials there are at each fetch.
func (s *Server) config(a *account, now func() *credentials) alf.Config {
	trusting := func() *tls.Config { return &tls.Config{RootCAs: s.authority.Pool()} }
	c := alf.Config{
		ClientID:     a.id,
		Scopes:       []string{scope},
		Resource:     a.resources,
		TokenRequest: alf.TokenRequest{TLS: trusting()},
		HTTPClient:   &http.Client{Transport: &http.Transport{TLSClientConfig: trusting(), MaxIdleConnsPerHost: 256}},
	}
	switch {
	case a.discovery:
		c.Issuer = s.open.URL()
	case a.credentials().certificate != nil:
		c.TokenURL = s.secure.URL() + tokenPath
	default:
		c.TokenURL = s.open.URL() + tokenPath
	}
	if a.dpop {
		c.DPoP = new(alf.DPoP)
	}
	if a.dpop && a.method == goidc.AuthnMethodPrivateKeyJWT {
		c.DPoP.Key = func(context.Context) (*keys.Key, error) { return keys.New(now().bound, "", "") }
	}
	secret := func(context.Context) (string, error) { return now().secret, nil }
	switch a.method {
	case goidc.AuthnMethodSecretBasic:
		c.ClientSecret, c.AuthStyle = secret, alf.AuthBasicRaw
	case goidc.AuthnMethodSecretPost:
		c.ClientSecret, c.AuthStyle = secret, alf.AuthPost
	case goidc.AuthnMethodSecretJWT:
		c.ClientSecret, c.AuthStyle = secret, alf.AuthSecretJWT
	case goidc.AuthnMethodPrivateKeyJWT:
		c.AuthStyle = alf.AuthPrivateKeyJWT
		c.Assertion.Key = func(context.Context) (*keys.Key, error) {
			return keys.New(now().key, now().kid, keys.Algorithm(a.alg))
		}
		if a.bis {
			c.Assertion.Audience, c.Assertion.Type = alf.AudienceIssuer, "client-authentication+jwt"
		}
	case goidc.AuthnMethodTLS, goidc.AuthnMethodSelfSignedTLS:
		c.AuthStyle = alf.AuthTLS
		if a.method == goidc.AuthnMethodSelfSignedTLS {
			c.AuthStyle = alf.AuthSelfSignedTLS
		}
		c.Certificate = func(context.Context) (*tls.Certificate, error) { return now().certificate, nil }
	}
	return c
}
