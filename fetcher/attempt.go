package fetcher

import (
	"context"
	"crypto/tls"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/bound"
	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/redact"
)

// client is the state behind a Fetcher.
type client struct {
	cfg Config
	// endpoint is the configured one; nil if it is found in the issuer's metadata.
	endpoint    *endpoint
	discovery   discovery
	form        url.Values
	connections *connections
	// shared is nil unless the endpoint is shared with other clients (E1).
	shared *shared
	// secrets are those in the configuration itself, for redaction.
	secrets []string
	// certificates are those that the last tokens were fetched with.
	certificates bound.Cache[*tls.Certificate]
}

func newClient(cfg Config) *client {
	c := &client{cfg: cfg, form: newForm(cfg)}
	if cfg.Endpoint != nil {
		c.shared = cfg.Endpoint.shared()
		c.connections = c.shared.connections
	} else {
		c.connections = newConnections(cfg)
	}
	if cfg.Issuer == "" {
		c.endpoint = newEndpoint(cfg.TokenURL)
	}
	c.secrets = append(redact.SensitiveValues(cfg.TokenRequest.Header), redact.SensitiveValues(cfg.Params)...)
	if u, err := url.Parse(cfg.TokenURL); err == nil {
		c.secrets = append(c.secrets, u.RawQuery)
		c.secrets = append(c.secrets, redact.SensitiveValues(u.Query())...)
	}
	return c
}

// attempt is one Fetch: read the credentials, find the endpoint, request the token. What fails is returned as it was
// observed; the error is built from it once, by the caller.
func (c *client) attempt(ctx context.Context) (*oauth2.Token, *failure) {
	creds, failed := c.readCredentials(ctx)
	if failed != nil {
		return nil, failed
	}
	to, failed := c.locate(ctx, creds)
	if failed != nil {
		return nil, failed
	}
	token, failed := c.request(ctx, to, creds)
	if failed != nil && failed.concernsCredentials() && ctx.Err() == nil {
		// They may have been replaced since they were read.
		again, unread := c.readCredentials(ctx)
		// Of an assertion that came before, any other one may be accepted.
		other := unread == nil && (c.cfg.replaced(creds, again) || creds.secret != again.secret && failed.saysReused())
		if other && ctx.Err() == nil {
			// The former secret may still be valid elsewhere: no error may show it either.
			former := creds.secrets(c.cfg.ClientID)
			creds = again
			if token, failed = c.request(ctx, to, creds); failed != nil {
				failed.secrets = append(failed.secrets, former...)
			}
		}
	}
	if failed != nil {
		c.doubt(failed)
		return nil, failed
	}
	c.bind(token, creds)
	return token, nil
}

// request is one exchange, and a second one with the nonce that a server requires in DPoP proofs (RFC 9449 section 8),
// or without the one that it does not want any more.
func (c *client) request(ctx context.Context, to *endpoint, creds *credentials) (*oauth2.Token, *failure) {
	token, failed := c.exchange(ctx, to, creds, "")
	if failed == nil {
		return token, nil
	}
	again := failed.wantsNonce()
	if failed.nonceIsUnwanted() {
		c.cfg.DPoP.Forget(to.url, failed.sentNonce)
		again = true
	}
	if !again || ctx.Err() != nil {
		return nil, failed
	}
	return c.exchange(ctx, to, creds, failed.nonce)
}

// bind remembers the key and the certificate that a token may be bound to, and has to be used with. The certificate
// bounds the token's life. A token that came before is bound to what it first came with.
func (c *client) bind(token *oauth2.Token, creds *credentials) {
	if creds.certificate != nil {
		hash, now, presented := bound.Hash(token.AccessToken), c.cfg.Clock.Now(), creds.certificate
		if first, known := c.certificates.Of(hash); known && now.Before(mtls.End(first)) {
			presented = first
		}
		c.certificates.Bind(hash, presented)
		token.Expiry = mtls.Expiry(token.Expiry, presented, now)
	}
	if creds.proofKey != nil {
		c.cfg.DPoP.Bind(token.AccessToken, creds.proofKey)
	}
}
