package fetcher

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/keys"
)

// identity is all that one fetch proves itself with, as it was read at its
// beginning.
type identity struct {
	secret      string // or an assertion that somebody else made
	key         *keys.Key
	certificate *tls.Certificate
	proof       *dpop.Key
}

// identify reads it anew. Errors are the user's own text.
func (c *conversation) identify(ctx context.Context) (*identity, *Error) {
	who := new(identity)
	for _, part := range []struct {
		name string
		read func() error
	}{
		{"client secret", func() (err error) { who.secret, err = c.readSecret(ctx); return }},
		{"key of the client assertion", func() (err error) { who.key, err = c.readKey(ctx); return }},
		{"certificate", func() (err error) { who.certificate, err = c.readCertificate(ctx); return }},
		{"key of the DPoP proof", func() (err error) { who.proof, err = c.readProofKey(ctx); return }},
	} {
		if err := part.read(); err != nil {
			name := part.name
			if name == "client secret" && c.cfg.AuthStyle == ExternalAssertion {
				name = "client assertion"
			}
			return nil, c.unread(ctx, name, err)
		}
	}
	return who, nil
}

func (c *conversation) unread(ctx context.Context, name string, err error) *Error {
	failed := &Error{
		endpoint: c.cfg.shownEndpoint(),
		problem:  "no request was sent, the " + name + " could not be read: " + err.Error(),
		causes:   []error{ErrUnsent, err},
	}
	if ctx.Err() != nil {
		failed.causes = append(failed.causes, context.Cause(ctx), ctx.Err())
	}
	return failed
}

func (c *conversation) readSecret(ctx context.Context) (string, error) {
	read := c.cfg.ClientSecret
	if c.cfg.AuthStyle == ExternalAssertion {
		read = c.cfg.Assertion.Source
	} else if !c.cfg.AuthStyle.hasSecret() {
		return "", nil
	}
	secret, err := read(ctx)
	if err == nil && secret == "" {
		err = errors.New("it is empty")
	}
	return secret, err
}

func (c *conversation) readKey(ctx context.Context) (*keys.Key, error) {
	if c.cfg.AuthStyle != PrivateKeyJWT {
		return nil, nil
	}
	key, err := c.cfg.Assertion.Key(ctx)
	if err == nil && key == nil {
		err = errors.New("there is none")
	}
	if err == nil {
		err = key.CanSign(c.cfg.keyAlgorithm(key, nil))
	}
	return key, err
}

func (c *conversation) readCertificate(ctx context.Context) (*tls.Certificate, error) {
	if c.cfg.Certificate == nil {
		return nil, nil
	}
	certificate, err := c.cfg.Certificate(ctx)
	if err == nil && (certificate == nil || len(certificate.Certificate) == 0) {
		err = errors.New("there is none")
	}
	return certificate, err
}

func (c *conversation) readProofKey(ctx context.Context) (*dpop.Key, error) {
	if c.cfg.DPoP == nil {
		return nil, nil
	}
	return c.cfg.DPoP.Read(ctx)
}

// same reports whether other would prove the client in the same way.
func (who *identity) same(other *identity) bool {
	return who.secret == other.secret && mtls.Same(who.certificate, other.certificate) &&
		(who.key == nil || who.key.Thumbprint() == other.key.Thumbprint() && who.key.ID() == other.key.ID())
}

// secrets are what no text may show, in all the forms it was sent in.
func (who *identity) secrets(clientID string) []string {
	if who.secret == "" {
		return nil
	}
	return append([]string{who.secret}, basicForms(clientID, who.secret)...)
}
