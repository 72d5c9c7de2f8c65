package alf

import (
	"context"
	"errors"
	"fmt"
	"net/url"
)

// Token returns a usable token, waiting for one if need be. ctx ends that wait, with its cause, and does not stop the fetch.
// Errors: a *[TokenError] if no token can be had, [ErrClosed].
func (c *Client) Token(ctx context.Context) (*Token, error) {
	tok, _, err := c.session.Token(ctx)
	return tok, err
}

// Invalidate reports that rejecter refused a token, for APIs that the client is not used for itself (message brokers, gRPC).
// rejecter is any name that stays the same for the same API; requests use "https://host:port". It acts only on the
// current token: nil says that a successor is on its way or was there already, an error that is [ErrSuppressed] that the token
// stays, because no fetch for this rejection may start now. It does not wait for the successor.
func (c *Client) Invalidate(rejected *Token, rejecter string) error {
	if c.session.Closed() {
		return ErrClosed
	}
	if rejected.Value() == "" {
		return errors.New("alf: Invalidate: there is no token to invalidate: pass the one that was rejected")
	}
	return c.source.Invalidate(rejected, rejecter)
}

// InvalidateValue is [Client.Invalidate] for callers who hold the token's value alone. It fails with errors.ErrUnsupported if
// a Config.Manager lacks InvalidateValue(value, rejecter string) error.
func (c *Client) InvalidateValue(value, rejecter string) error {
	if c.session.Closed() {
		return ErrClosed
	}
	source, ok := c.source.(interface {
		InvalidateValue(value, rejecter string) error
	})
	if !ok {
		return unsupported("InvalidateValue")
	}
	return source.InvalidateValue(value, rejecter)
}

// Refresh fetches a token now, lifting every backoff, and waits for it as Token does. Requests keep using the current token
// meanwhile. It fails with errors.ErrUnsupported if a Config.Manager lacks Refresh(context.Context) (*Token, error).
func (c *Client) Refresh(ctx context.Context) (*Token, error) {
	if c.session.Closed() {
		return nil, ErrClosed
	}
	source, ok := c.source.(interface {
		Refresh(context.Context) (*Token, error)
	})
	if !ok {
		return nil, unsupported("Refresh")
	}
	return source.Refresh(ctx)
}

func unsupported(method string) error {
	return fmt.Errorf("alf: Config.Manager has no %s: %w", method, errors.ErrUnsupported)
}

// Proof returns the value of the DPoP header for a request that carries tok by other means than this client: method and
// address are the request's. ctx ends the wait for a key that is held elsewhere. It fails without Config.DPoP.
func (c *Client) Proof(ctx context.Context, tok *Token, method, address string) (string, error) {
	if c.cfg.DPoP == nil {
		return "", errors.New("alf: there are no proofs without Config.DPoP: set it if tokens are to be bound to a key")
	}
	if tok.Value() == "" {
		return "", errors.New("alf: Proof: there is no token: pass the one that the request carries")
	}
	target, err := url.Parse(address)
	if err != nil || target.Hostname() == "" || target.Scheme != "https" && target.Scheme != "http" {
		return "", errors.New("alf: Proof: the address is no http or https URL with a host: pass the request's")
	}
	return c.session.Proof(ctx, tok, method, target)
}
