package fetcher

import (
	"context"
	"crypto/tls"
	"errors"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/bound"
)

// Fetcher requests tokens from a token endpoint. Make one with [New]; the zero value is unusable. It is safe for
// concurrent use, and leaves no goroutine behind when a method returns. It prints as the endpoint's address.
type Fetcher struct {
	// A function, because fmt and the like cannot print what is in one.
	client func() *client
}

// New checks cfg as a whole and returns a Fetcher for it, or the error of [Config.Validate]. What cfg refers to is
// copied, except for HTTPClient's cookie jar and transport: later changes to it have no effect.
func New(cfg Config) (*Fetcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := newClient(cfg.clone())
	return &Fetcher{client: func() *client { return c }}, nil
}

// Fetch makes one attempt to obtain a token. It ends when ctx does.
//
// The token's Expiry counts from the start of the request; it is zero if the server gave no lifetime, and the start
// itself for a lifetime of 0 or less. A certificate that the token was fetched with and that is still valid limits it:
// Expiry is then no later than the end of the certificate. If the server gave no lifetime, Expiry is set to that end
// only if it is less than 5 minutes away. TokenType is the scheme under which the token is sent. RefreshToken stays
// empty (RFC 6749 section 4.4.3). Extra returns the other members of the response, numbers as float64; "refresh_in" is
// in seconds.
//
// After a refusal that may concern the credentials (401, 403, invalid_client and the like), the secret, key or
// certificate is read again. If it has changed, the request is repeated once. It is also repeated once with the nonce
// that a server requires in DPoP proofs.
//
// Every error is an *[Error].
func (f *Fetcher) Fetch(ctx context.Context) (*oauth2.Token, error) {
	c := f.client()
	token, failed := c.attempt(ctx)
	if failed != nil {
		return nil, c.newError(failed)
	}
	return token, nil
}

// CloseIdleConnections closes the idle connections of the transport that the fetcher made itself. It does nothing to a
// transport of the caller's, nor to connections that an [Endpoint] shares.
func (f *Fetcher) CloseIdleConnections() {
	if c := f.client(); c.shared == nil {
		c.connections.closeIdle()
	}
}

// Metadata requests the Issuer's metadata (RFC 8414), even if a fetch has read them already, and checks them against
// the configuration. The error is an *[Error], or says that there is no Issuer.
func (f *Fetcher) Metadata(ctx context.Context) (*Metadata, error) {
	c := f.client()
	if c.endpoint != nil {
		return nil, errNoIssuer
	}
	creds, failed := c.readCredentials(ctx)
	if failed != nil {
		return nil, c.newError(failed)
	}
	found, failed := c.discover(ctx, creds)
	if failed != nil {
		return nil, c.newError(failed)
	}
	return found.metadata, nil
}

var errNoIssuer = errors.New("fetcher: there is no Issuer whose metadata could be read: TokenURL is set")

// Certificate returns the certificate that a token was fetched with, and may be bound to (RFC 8705 section 3). It
// remembers the last 8 tokens. For any other token it returns the certificate of the last fetch; nil if there was none.
func (f *Fetcher) Certificate(token string) *tls.Certificate {
	c := f.client()
	if certificate, ok := c.certificates.Of(bound.Hash(token)); ok {
		return certificate
	}
	certificate, _ := c.certificates.Latest()
	return certificate
}

// String returns the endpoint's address, without its query.
func (f *Fetcher) String() string {
	return "fetcher.Fetcher(" + f.client().cfg.redactedEndpoint() + ")"
}
