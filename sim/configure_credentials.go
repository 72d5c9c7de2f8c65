package sim

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/alf-go/alf"
)

// reading bounds the functions of a configuration that return credentials.
const reading = 10 * time.Second

// registerClientOf registers the client of a configuration that leads here.
func (s *Server) registerClientOf(cfg alf.Config) error {
	ctx, cancel := context.WithTimeout(context.Background(), reading)
	defer cancel()
	var p problems
	r := s.registrationOf(ctx, cfg, &p)
	if err := p.of("Config"); err != nil {
		return err
	}
	c, err := r.client()
	if err == nil {
		s.set(func() {
			s.addresses.add(cfg.TokenURL, cfg.Issuer)
			s.clients.byID[c.id] = c
			if endpoint := endpointOf(cfg); endpoint != "" {
				s.clients.at[clientAt{endpoint, c.id}] = c
			}
		})
	}
	return err
}

// endpointOf is the normalized token endpoint of a configuration; "" if it has an Endpoint, which does not say it.
func endpointOf(cfg alf.Config) string {
	switch {
	case cfg.Issuer != "":
		return normalized(below(cfg.Issuer, TokenPath))
	case cfg.TokenURL != "":
		return normalized(cfg.TokenURL)
	}
	return ""
}

// registrationOf reads the credentials of a configuration, as an administrator does who registers the client.
func (s *Server) registrationOf(ctx context.Context, cfg alf.Config, p *problems) Registration {
	r := Registration{ClientID: cfg.ClientID, AuthStyle: cfg.AuthStyle, DPoP: cfg.DPoP != nil, Algorithm: cfg.Assertion.Algorithm}
	s.set(func() { // what a configuration does not say
		if c, _ := s.clients.find(endpointOf(cfg), cfg.ClientID); c.registered != nil {
			known := c.registered
			r.Scopes, r.Audiences = known.Scopes, known.Audiences
			if known.AuthStyle == alf.AuthExternalAssertion && cfg.AuthStyle == known.AuthStyle {
				r.Keys = known.Keys
			}
		}
	})
	switch cfg.AuthStyle {
	case alf.AuthPrivateKeyJWT:
		r.readKey(ctx, cfg, p)
	case alf.AuthExternalAssertion:
		s.readAssertion(ctx, cfg, &r, p)
	case alf.AuthTLS, alf.AuthSelfSignedTLS:
		r.readCertificate(ctx, cfg, p)
	default:
		r.readSecret(ctx, cfg, p)
	}
	switch a := cfg.Assertion.Audience; a {
	case "", alf.AudienceIssuer, alf.AudienceTokenEndpoint:
	default:
		r.Audience = a
	}
	return r
}

// unread is the problem of a function that fails.
func unread(err error) string { return "cannot be read: " + err.Error() }

func (r *Registration) readSecret(ctx context.Context, cfg alf.Config, p *problems) {
	secret, err := cfg.ClientSecret(ctx)
	if err == nil && secret == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		p.add("ClientSecret", unread(err), "set it where it is read from, or replace it by alf.Secret for the test")
	}
	r.Secret = secret
}

func (r *Registration) readKey(ctx context.Context, cfg alf.Config, p *problems) {
	if read := cfg.Assertion.Certificate; read != nil {
		made, err := read(ctx)
		leaf, err := leafOf(made, err)
		if err != nil {
			p.add("Assertion.Certificate", unread(err), "set it where it is read from, or replace it for the test, such as by Server.ClientCertificate")
			return
		}
		r.Certificate, r.Keys = leaf, []crypto.PublicKey{leaf.PublicKey}
	}
	if read := cfg.Assertion.Key; read != nil {
		key, err := read(ctx)
		if err == nil && key == nil {
			err = errors.New("there is none")
		}
		if err != nil {
			p.add("Assertion.Key", unread(err), "set it where it is read from, or replace it by alf.KeySigner with a generated key for the test")
			return
		}
		r.Keys = []crypto.PublicKey{key.Public()}
	}
}

func (r *Registration) readCertificate(ctx context.Context, cfg alf.Config, p *problems) {
	made, err := cfg.Certificate(ctx)
	leaf, err := leafOf(made, err)
	if err != nil {
		p.add("Certificate", unread(err), "set it where it is read from, or replace it by alf.Certificate with Server.ClientCertificate for the test")
		return
	}
	r.Certificate = leaf
	if r.AuthStyle == alf.AuthSelfSignedTLS {
		return
	}
	// The last one that comes along is that of an authority; or the client's own, of which no more is known.
	last, err := x509.ParseCertificate(made.Certificate[len(made.Certificate)-1])
	if err != nil {
		p.add("Certificate", "its chain "+unread(err), "correct it")
		return
	}
	r.Authorities, r.SubjectDN = x509.NewCertPool(), leaf.Subject.String()
	r.Authorities.AddCert(last)
	chain := []*x509.Certificate{leaf}
	for _, der := range made.Certificate[1:] {
		if between, err := x509.ParseCertificate(der); err == nil {
			chain = append(chain, between)
		}
	}
	if err := verifyChain(chain, r.Authorities, leaf.NotBefore); err != nil {
		p.add("Certificate", "does not authenticate a client: "+err.Error(), "use one for client authentication, followed by those of its authorities in order")
	}
}

func leafOf(made *tls.Certificate, err error) (*x509.Certificate, error) {
	switch {
	case err != nil:
		return nil, err
	case made == nil || len(made.Certificate) == 0:
		return nil, errors.New("there is none")
	}
	return x509.ParseCertificate(made.Certificate[0])
}

func (s *Server) readAssertion(ctx context.Context, cfg alf.Config, r *Registration, p *problems) {
	const remedy = "replace it for the test, such as by Server.WorkloadIdentity"
	text, err := cfg.Assertion.Source(ctx)
	if err != nil {
		p.add("Assertion.Source", unread(err), remedy)
		return
	}
	token, err := parseJWT(text, anyAlgorithm)
	if err != nil {
		p.add("Assertion.Source", unread(err), remedy)
		return
	}
	claims, err := token.claims()
	if err != nil || claims.Issuer == "" || claims.Subject == "" || len(claims.Audience) == 0 {
		p.add("Assertion.Source", `its JSON Web Token has no "iss", "sub" or "aud"`, remedy)
		return
	}
	r.Issuer, r.Subject, r.Audience = claims.Issuer, claims.Subject, claims.Audience[0]
	if claims.Issuer == platform {
		r.Keys = []crypto.PublicKey{s.platformKey().Public()}
	}
}
