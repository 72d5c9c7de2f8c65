package alf

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"golang.org/x/oauth2"
)

// TokenSource returns the client as an oauth2.TokenSource, for code that takes one. Its Token waits without a deadline of its
// own, since that interface has none; the token manager bounds each round of attempts.
//
// Mind that oauth2.NewClient and oauth2.ReuseTokenSource put a cache of their own over it, which holds on to a token for as
// long as its expiry allows: neither Invalidate nor a 401 reaches it. Use [Client.HTTPClient] where an *http.Client is wanted.
// And mind that a token alone opens nothing with Config.DPoP or certificate-bound tokens: each request needs a proof as well
// ([Client.Proof]), or a connection that shows the certificate.
func (c *Client) TokenSource() oauth2.TokenSource { return tokenSource{c.client} }

type tokenSource struct{ *client }

// Token returns a usable token.
func (t tokenSource) Token() (*oauth2.Token, error) {
	tok, _, err := t.session.Token(context.Background())
	if err != nil {
		return nil, err
	}
	return tok.OAuth2(), nil
}

// GetRequestMetadata returns the token as gRPC metadata. With [Client.RequireTransportSecurity] it makes the client a
// credentials.PerRPCCredentials: grpc.WithPerRPCCredentials(client). uri is where the call goes, as gRPC tells it; it must
// be within Config.Origins if that is set. It fails with Config.DPoP, since gRPC does not tell the method that a proof is
// about. What gRPC makes of the answer is not seen here: a call that is refused as Unauthenticated renews nothing. To heal
// those, use an interceptor instead, which knows the token it has sent and can report it by [Client.Invalidate].
func (c *Client) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	if len(c.cfg.Origins) > 0 {
		if len(uri) == 0 {
			return nil, fmt.Errorf("%w: the call's target is not known, so it cannot be among Config.Origins", ErrRefused)
		}
		for _, target := range uri {
			u, err := url.Parse(target)
			if err != nil || !c.session.Listed(u) {
				return nil, fmt.Errorf("%w: the call's target is not among Config.Origins: add it there if it may have the token", ErrRefused)
			}
		}
	}
	if c.cfg.DPoP != nil {
		return nil, errors.New("alf: gRPC does not tell the method that a DPoP proof is about: send the metadata per call, with Token and Proof")
	}
	_, value, err := c.session.Token(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]string{"authorization": value}, nil
}

// RequireTransportSecurity tells gRPC not to send the token over a connection that is not encrypted. Only "*" in
// Config.AllowHTTP lifts that, because gRPC does not say here which host it is about.
func (c *Client) RequireTransportSecurity() bool { return !slices.Contains(c.cfg.AllowHTTP, "*") }
