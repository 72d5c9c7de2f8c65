package fetcher

import (
	"context"
	"crypto/tls"
	"errors"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/redact"
	"github.com/alf-go/alf/keys"
)

// credentials are all that one fetch authenticates with, as read at its beginning.
type credentials struct {
	// secret is the client secret or, with ExternalAssertion, the assertion.
	secret string
	// assert says that a client assertion is sent, signed here or external.
	assert bool
	// key signs the assertion, and chain is the certificate that its header names.
	key   *keys.Key
	chain *tls.Certificate
	// certificate is presented in TLS handshakes.
	certificate *tls.Certificate
	proofKey    *dpop.Key
	// inputs are the files and environment variables that all of these were read from.
	inputs *files.Inputs
}

// readCredentials reads all of them.
func (c *client) readCredentials(ctx context.Context) (*credentials, *failure) {
	creds := &credentials{assert: c.cfg.AuthStyle.sendsAssertion()}
	if ctx == nil {
		creds.inputs = new(files.Inputs) // net/http has the error for that
	} else {
		ctx, creds.inputs = files.WithInputs(ctx)
	}
	for _, part := range []struct {
		name string
		read func(context.Context, *credentials) error
	}{
		{"client secret", c.readSecret},
		{"key of the client assertion", c.readKey},
		{"certificate", c.readCertificate},
		{"key of the DPoP proof", c.readProofKey},
	} {
		if err := part.read(ctx, creds); err != nil {
			name := part.name
			if name == "client secret" && c.cfg.AuthStyle == ExternalAssertion {
				name = "client assertion"
			}
			failed := (&failure{credentials: creds, part: name}).broken(ctx, err)
			return nil, failed.at(unread, err)
		}
	}
	return creds, nil
}

func (c *client) readSecret(ctx context.Context, creds *credentials) (err error) {
	read := c.cfg.ClientSecret
	if c.cfg.AuthStyle == ExternalAssertion {
		read = c.cfg.Assertion.Source
	} else if !c.cfg.AuthStyle.hasSecret() {
		return nil
	}
	creds.secret, err = read(ctx)
	if err == nil && creds.secret == "" {
		err = errors.New("it is empty")
	}
	return err
}

var errNone = errors.New("there is none")

func (c *client) readKey(ctx context.Context, creds *credentials) (err error) {
	if c.cfg.AuthStyle != PrivateKeyJWT {
		return nil
	}
	if creds.key, creds.chain, err = c.cfg.Assertion.readKey(ctx); err != nil {
		return err
	}
	return creds.key.CanSign(c.cfg.keyAlgorithm(creds.key, nil))
}

func (c *client) readCertificate(ctx context.Context, creds *credentials) (err error) {
	if c.cfg.Certificate == nil {
		return nil
	}
	creds.certificate, err = c.cfg.Certificate(ctx)
	if err == nil && !hasCertificate(creds.certificate) {
		err = errNone
	}
	return err
}

func (c *client) readProofKey(ctx context.Context, creds *credentials) (err error) {
	if c.cfg.DPoP == nil {
		return nil
	}
	creds.proofKey, err = c.cfg.DPoP.Read(ctx)
	return err
}

// replaced reports whether credentials that were read again are others than before, so that a server that refused the
// former may accept the latter.
func (c *Config) replaced(before, after *credentials) bool {
	if !mtls.Same(before.certificate, after.certificate) || !mtls.Same(before.chain, after.chain) {
		return true
	}
	if before.key != nil && (before.key.Thumbprint() != after.key.Thumbprint() || before.key.ID() != after.key.ID()) {
		return true
	}
	if c.AuthStyle == ExternalAssertion {
		return replacedAssertion(before, after)
	}
	return before.secret != after.secret
}

// secrets are what no text may show, in all the forms in which they are sent.
func (creds *credentials) secrets(clientID string) []string {
	if creds == nil || creds.secret == "" {
		return nil
	}
	return append([]string{creds.secret}, redact.BasicForms(clientID, creds.secret)...)
}
