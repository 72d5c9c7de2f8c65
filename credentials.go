package alf

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/transport"
)

// TokenSource returns the client as an oauth2.TokenSource, for code that takes one. Its Token waits without a deadline
// of its own, since that interface has none; the token manager limits each round of attempts.
//
// Beware of oauth2.NewClient and oauth2.ReuseTokenSource: they put a cache of their own over it, which keeps a token
// until its expiry, so that neither Invalidate nor a 401 replaces it. Use [Client.HTTPClient] where an *http.Client is
// needed. With Config.DPoP or certificate-bound tokens, a token alone is of no use: each request needs a proof as well
// ([Client.Proof]), or a connection that presents the certificate.
func (c *Client) TokenSource() oauth2.TokenSource { return tokenSource{c.client} }

type tokenSource struct{ *client }

// Token returns a usable token.
func (t tokenSource) Token() (*oauth2.Token, error) {
	tok, _, err := t.session.Token(context.Background(), "")
	if err != nil {
		return nil, err
	}
	return tok.OAuth2(), nil
}

// GetRequestMetadata returns the token as gRPC metadata. With [Client.RequireTransportSecurity] it makes the client a
// credentials.PerRPCCredentials: grpc.WithPerRPCCredentials(client). uri is the call's target, as gRPC passes it; it
// must be within Config.Origins if that is set. It fails with Config.DPoP, since gRPC does not pass the method that a
// proof is about. gRPC does not report the call's status here, so a call that is refused as Unauthenticated replaces no
// token, and gives its errors codes that say little: the dial options of the module github.com/alf-go/alf/alfgrpc do
// better, and take the place of these credentials.
func (c *Client) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	origin := ""
	if c.session.HasOrigins() && len(uri) == 0 {
		return nil, fmt.Errorf("%w: the call's target is not known, so it cannot be among Config.Origins", ErrRefused)
	}
	for _, target := range uri {
		u, err := url.Parse(target)
		if c.session.HasOrigins() && (err != nil || !c.session.Listed(u)) {
			return nil, fmt.Errorf("%w: the call's target is not among Config.Origins: add it there if it may have the token", ErrRefused)
		}
		if err == nil && u.Host != "" {
			origin = transport.Target(u)
		}
	}
	if c.dpop != nil {
		return nil, errors.New("alf: gRPC does not pass the method that a DPoP proof is about: send the metadata per call, with Token and Proof")
	}
	_, value, err := c.session.Token(ctx, origin)
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": value}, nil
}

// RequireTransportSecurity returns true, so that gRPC refuses to send the token over a connection that is not
// encrypted, unless Config.AllowHTTP contains "*". Hosts in AllowHTTP have no effect, because gRPC does not name the
// host here.
func (c *Client) RequireTransportSecurity() bool { return !c.plaintext }
