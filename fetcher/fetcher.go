package fetcher

import (
	"context"
	"crypto/tls"
	"errors"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/bound"
)

// Fetcher asks a token endpoint for tokens. Make one with [New]; the zero
// value is of no use. It is safe for concurrent use and starts no goroutine of
// its own. Printing one shows the endpoint at most.
type Fetcher struct {
	// A function, because that is where fmt and the like cannot look into.
	conversation func() *conversation
}

// New checks cfg as a whole and returns a Fetcher for it, or the error of
// [Config.Validate]. What cfg refers to is copied, HTTPClient's cookie jar and
// transport excepted: later changes to it have no effect.
func New(cfg Config) (*Fetcher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := newConversation(cfg.clone())
	return &Fetcher{conversation: func() *conversation { return c }}, nil
}

// Fetch makes one attempt to get a token. It ends when ctx does.
//
// The token's Expiry counts from the start of the request; it is zero if the
// server told no lifetime, and the start itself for a lifetime of 0 or less. It
// is no later than the end of the certificate that the token was fetched with,
// if that has not ended already; without a lifetime, if that ends within 5
// minutes.
// RefreshToken stays empty (RFC 6749 section 4.4.3). Extra offers the answer's
// other members, numbers as float64; "refresh_in" is in seconds.
//
// After invalid_client the secret, key or certificate is read again. If it has
// changed, it had been rotated, and the request is repeated once. It is
// repeated once as well with the nonce that a server wants in DPoP proofs.
//
// Every error is an *[Error].
func (f *Fetcher) Fetch(ctx context.Context) (*oauth2.Token, error) {
	token, err := f.conversation().fetch(ctx)
	if err != nil {
		return nil, err
	}
	return token, nil
}

// CloseIdleConnections closes the idle connections of the transport that the
// fetcher made itself. It leaves a transport of the caller's alone.
func (f *Fetcher) CloseIdleConnections() { f.conversation().connections.closes() }

// Metadata asks the Issuer for its metadata (RFC 8414), now, whether it is
// remembered or not, and holds it against the configuration. The error is an
// *[Error], or says that there is no Issuer to ask.
func (f *Fetcher) Metadata(ctx context.Context) (*Metadata, error) {
	c := f.conversation()
	if c.endpoint != nil {
		return nil, errNoIssuer
	}
	who, failed := c.identify(ctx)
	if failed != nil {
		return nil, failed
	}
	found, failed := c.discover(ctx, who)
	if failed != nil {
		return nil, failed
	}
	return found, nil
}

var errNoIssuer = errors.New("fetcher: there is no Issuer whose metadata could be read: TokenURL is set")

// Certificate returns the certificate that a token was fetched with, and may
// be bound to (RFC 8705 section 3). Of a token that is not among the last few
// it knows nothing, and returns that of the last one; nil if there is none.
func (f *Fetcher) Certificate(token string) *tls.Certificate {
	c := f.conversation()
	if certificate, ok := c.certificates.Of(bound.Hash(token)); ok {
		return certificate
	}
	certificate, _ := c.certificates.Latest()
	return certificate
}

// String names the endpoint, without its query.
func (f *Fetcher) String() string {
	return "fetcher.Fetcher(" + f.conversation().cfg.shownEndpoint() + ")"
}
