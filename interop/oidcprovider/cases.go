package oidcprovider

import (
	"context"
	"net/http"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

var _ lab.Server = (*Server)(nil)

// styles are the client's names for the methods.
var styles = map[string]alf.AuthStyle{
	"client_secret_basic":         alf.AuthBasic,
	"client_secret_post":          alf.AuthPost,
	"client_secret_jwt":           alf.AuthSecretJWT,
	"private_key_jwt":             alf.AuthPrivateKeyJWT,
	"tls_client_auth":             alf.AuthTLS,
	"self_signed_tls_client_auth": alf.AuthSelfSignedTLS,
}

// Cases has each method alone, with DPoP, with DPoP and nonces, and some with a resource.
func (s *Server) Cases() []lab.Case {
	var cases []lab.Case
	for _, c := range s.clients {
		api := s.APIURL()
		if c.resource {
			api = s.ResourceURL()
		}
		cases = append(cases, lab.Case{
			Name:     c.name(),
			Config:   func() alf.Config { return s.config(c, c.rightFile()) },
			Lifetime: lifetime,
			API:      api,
			Wrong:    func() alf.Config { return s.config(c, c.wrongFile()) },
			Says:     says,
			Rotate:   func(ctx context.Context) error { return s.rotate(ctx, c) },
			Base:     s.transport,
		})
	}
	return cases
}

// config is for a client whose credentials are in file.
func (s *Server) config(c *client, file string) alf.Config {
	cfg := alf.Config{
		ClientID:     c.id,
		Scopes:       []string{scope},
		AuthStyle:    styles[c.method],
		TokenRequest: alf.TokenRequest{TLS: s.tls()},
		HTTPClient:   &http.Client{Transport: s.transport},
	}
	if c.discover {
		cfg.Issuer = s.Issuer()
	} else {
		cfg.TokenURL = c.tokenURL(s)
	}
	switch {
	case c.mutualTLS():
		cfg.Certificate = alf.CertificateFiles(file, file)
	case c.method == "private_key_jwt":
		cfg.Assertion.Key = alf.KeyFile(file)
		cfg.Assertion.Algorithm = c.alg
	default:
		cfg.ClientSecret = alf.SecretFile(file)
	}
	if c.dpop {
		cfg.DPoP = &alf.DPoP{}
	}
	if c.resource {
		cfg.Resource = []string{s.ResourceURL()}
	}
	return cfg
}
