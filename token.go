package alf

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/alf-go/alf/internal/transport"
)

// Token returns a usable token, waiting for one if necessary. ctx ends that wait, with an error that is both ctx.Err()
// and context.Cause(ctx), and does not stop the fetch. Other errors: a *[TokenError] if no token is available,
// [ErrClosed].
func (c *Client) Token(ctx context.Context) (*Token, error) {
	tok, _, err := c.session.Token(ctx, "")
	return tok, err
}

// TokenFor is [Client.Token] for a request to origin ("https://api.example.com:443", the path may follow) that other code
// than this client sends, such as package alfgrpc. A token that this origin has rejected is withheld from it, and no
// other, until its successor arrives (M21); Token withholds it as well, for some time, because it does not know the
// origin. With Config.Origins, an origin that is not listed, or none, fails with an [ErrRefused].
func (c *Client) TokenFor(ctx context.Context, origin string) (*Token, error) {
	if !c.session.Admits(origin) {
		return nil, fmt.Errorf("%w: its target is not among Config.Origins: add it there if it may have the token", ErrRefused)
	}
	tok, _, err := c.session.Token(ctx, origin)
	return tok, err
}

// TokenValidFor is [Client.Token] for callers that need a token for some time, such as for a connection that ends with
// it. The effective expiry of the returned token is at least min away. If that of the current token is not, a successor
// is fetched, at most once a second. It fails with manager.ErrTooShort if the authorization server's tokens do not live
// that long. It fails with errors.ErrUnsupported if a Config.Manager lacks TokenValidFor(context.Context,
// time.Duration) (*Token, error).
func (c *Client) TokenValidFor(ctx context.Context, min time.Duration) (*Token, error) {
	source, ok := c.source.(interface {
		TokenValidFor(ctx context.Context, min time.Duration) (*Token, error)
	})
	switch {
	case c.session.Closed():
		return nil, ErrClosed
	case !ok:
		return nil, unsupported("TokenValidFor")
	}
	tok, err := source.TokenValidFor(ctx, min)
	return transport.Validated(ctx, tok, err)
}

// Replace reports that the API named origin rejected a token with a 401 or the like, and waits for the successor. It is
// for APIs that are not called through this client (gRPC, message brokers). origin is any name that stays the same for
// the same API, such as "https://host:port"; a path may follow it. If rejected is not the current token any more,
// Replace returns the current one at once. If rejected stays in use, because no fetch for this rejection may start now,
// it returns an error that is [ErrSuppressed]. Otherwise it returns what [Client.Token] returns. If the successor is
// the Same as rejected, the endpoint returned the rejected value again, and the API will reject that too.
func (c *Client) Replace(ctx context.Context, rejected *Token, origin string) (*Token, error) {
	switch {
	case c.session.Closed():
		return nil, ErrClosed
	case rejected.Value() == "":
		return nil, errNothingRejected
	}
	tok, err := c.source.Replace(ctx, rejected, origin)
	return transport.Validated(ctx, tok, err)
}

// Invalidate is [Client.Replace] without the wait. It returns nil if a successor is being fetched, or is current
// already. It returns an error that is [ErrSuppressed] if the token stays in use.
func (c *Client) Invalidate(rejected *Token, origin string) error {
	switch {
	case c.session.Closed():
		return ErrClosed
	case rejected.Value() == "":
		return errNothingRejected
	}
	return c.source.Invalidate(rejected, origin)
}

var errNothingRejected = errors.New("alf: there is no token to replace: pass the one that was rejected")

// InvalidateValue is [Client.Invalidate] for callers that have the token's value alone. It fails with
// errors.ErrUnsupported if a Config.Manager lacks InvalidateValue(value, origin string) error.
func (c *Client) InvalidateValue(value, origin string) error {
	source, ok := c.source.(interface {
		InvalidateValue(value, origin string) error
	})
	switch {
	case c.session.Closed():
		return ErrClosed
	case !ok:
		return unsupported("InvalidateValue")
	}
	return source.InvalidateValue(value, origin)
}

// Refresh fetches a token now, lifting every backoff, and waits for it as Token does. Requests keep using the current
// token meanwhile. It fails with errors.ErrUnsupported if a Config.Manager lacks Refresh(context.Context) (*Token,
// error).
func (c *Client) Refresh(ctx context.Context) (*Token, error) {
	source, ok := c.source.(interface {
		Refresh(context.Context) (*Token, error)
	})
	switch {
	case c.session.Closed():
		return nil, ErrClosed
	case !ok:
		return nil, unsupported("Refresh")
	}
	tok, err := source.Refresh(ctx)
	return transport.Validated(ctx, tok, err)
}

func unsupported(method string) error {
	return fmt.Errorf("alf: Config.Manager has no %s: %w", method, errors.ErrUnsupported)
}

// UsesDPoP reports whether Config.DPoP is set, so that each request needs a proof beside the token: see [Client.Proof].
func (c *Client) UsesDPoP() bool { return c.dpop != nil }

// Proof returns the value of the DPoP header (RFC 9449 section 7) for a request that carries tok and is sent by other
// code than this client. method and address are the method and the URL of that request. ctx ends the wait for a
// signature that is made elsewhere. It fails without Config.DPoP.
func (c *Client) Proof(ctx context.Context, tok *Token, method, address string) (string, error) {
	if c.dpop == nil {
		return "", errors.New("alf: there are no proofs without Config.DPoP: set it if tokens are to be bound to a key")
	}
	if tok.Value() == "" {
		return "", errors.New("alf: Proof: there is no token: pass the one that the request carries")
	}
	target, err := url.Parse(address)
	if err != nil || target.Hostname() == "" || target.Scheme != "https" && target.Scheme != "http" {
		return "", errors.New("alf: Proof: the address is not an http or https URL with a host: pass the request's")
	}
	return c.session.Proof(ctx, tok, method, target)
}
