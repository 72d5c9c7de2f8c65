package demo

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/pki"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/sim"
)

const (
	clientID = "demo"
	secret   = "not a secret: it leaves this process only for itself"
)

// credentials are both halves of what a client authenticates with.
type credentials struct {
	// client is the client's, known what the authorization server has on record of it.
	client fetcher.Config
	known  sim.Registration
	// server is what both servers show, and api how the client connects to the second of them; nil for plain http.
	server *tls.Certificate
	api    *tls.Config
}

// newCredentials makes those that one way of proving oneself needs, as an administrator would who registers a client.
func newCredentials(o Options) (*credentials, error) {
	c := &credentials{
		client: fetcher.Config{ClientID: clientID, AuthStyle: o.AuthStyle},
		known:  sim.Registration{ClientID: clientID, AuthStyle: o.AuthStyle, DPoP: o.DPoP},
	}
	register := map[alf.AuthStyle]func() error{
		alf.AuthBasic:             c.shareSecret,
		alf.AuthBasicRaw:          c.shareSecret,
		alf.AuthPost:              c.shareSecret,
		alf.AuthSecretJWT:         c.shareSecret,
		alf.AuthPrivateKeyJWT:     c.registerKey,
		alf.AuthExternalAssertion: c.trustPlatform,
		alf.AuthTLS:               c.issueCertificate,
		alf.AuthSelfSignedTLS:     c.pinCertificate,
	}[o.AuthStyle]
	if register == nil {
		return nil, fmt.Errorf("the demonstration does not know %v", o.AuthStyle)
	}
	if err := register(); err != nil {
		return nil, err
	}
	if o.DPoP {
		key, _, err := newKey()
		if err != nil {
			return nil, err
		}
		// Named, because the client has to be given the key where it does not fetch the tokens itself.
		c.client.DPoP = &alf.DPoP{Key: keys.Of(key)}
	}
	return c, nil
}

func (c *credentials) shareSecret() error {
	c.client.ClientSecret, c.known.Secret = alf.Secret(secret), secret
	return nil
}

func (c *credentials) registerKey() error {
	key, public, err := newKey()
	if err != nil {
		return err
	}
	c.client.Assertion.Key = keys.Of(key)
	c.known.Algorithm, c.known.Keys = string(keys.ES256), []crypto.PublicKey{public}
	return nil
}

// trustPlatform has the server trust the platform that runs the client's process to say which one it is.
func (c *credentials) trustPlatform() error {
	const platform, workload, servers = "https://platform.invalid", "workload:demo", "https://demo.invalid"
	key, public, err := newKey()
	if err != nil {
		return err
	}
	c.client.Assertion.Source = func(ctx context.Context) (string, error) {
		now := time.Now()
		claims, err := json.Marshal(jwt.Claims{
			Issuer: platform, Subject: workload, Audience: jwt.Audience{servers},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(10 * time.Minute)),
		})
		if err != nil {
			return "", err
		}
		return key.JWT(ctx, "", "", claims)
	}
	c.known.Algorithm, c.known.Keys = string(keys.ES256), []crypto.PublicKey{public}
	c.known.Issuer, c.known.Subject, c.known.Audience = platform, workload, servers
	return nil
}

func (c *credentials) issueCertificate() error {
	authority, err := pki.NewAuthority("demo: clients")
	if err != nil {
		return err
	}
	issued, err := authority.ForClient(clientID)
	if err != nil {
		return err
	}
	c.known.Authorities, c.known.SubjectDN = authority.Pool(), issued.Leaf.Subject.String()
	return c.show(issued)
}

func (c *credentials) pinCertificate() error {
	own, err := pki.SelfSigned(clientID)
	if err != nil {
		return err
	}
	c.known.Certificate = own.Leaf
	return c.show(own)
}

// show has the client show a certificate, for which both servers have to speak TLS.
func (c *credentials) show(own *tls.Certificate) error {
	authority, err := pki.NewAuthority("demo: servers")
	if err != nil {
		return err
	}
	if c.server, err = authority.ForServer(); err != nil {
		return err
	}
	c.client.Certificate = fetcher.Certificate(*own)
	c.client.TokenRequest.TLS = &tls.Config{RootCAs: authority.Pool()}
	c.api = c.client.TokenRequest.TLS.Clone()
	// Tokens are bound to it, so the API has to see it as well.
	c.api.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return own, nil }
	return nil
}

// newKey makes a key that the client or the platform signs with, and returns what may be known of it too.
func newKey() (private *keys.Key, public *ecdsa.PublicKey, err error) {
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	private, err = keys.New(made, "", "")
	return private, &made.PublicKey, err
}
