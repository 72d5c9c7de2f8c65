package alfgrpc

import (
	"context"

	"google.golang.org/grpc/credentials"
)

const authorizationKey = "authorization"

// perRPC adds the token to each attempt of each call: those of gRPC's retry policy and its transparent retries too. It
// notes in the call which token that was.
type perRPC struct {
	*channel
	watches *watches // nil: there are no interceptors, so that health checks cannot be recognised
}

var _ credentials.PerRPCCredentials = (*perRPC)(nil)

// GetRequestMetadata returns the token for the attempt that ctx belongs to.
func (p *perRPC) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	c := callFrom(ctx)
	a, err := p.attempt(ctx, uri)
	switch {
	case err != nil:
	case c != nil:
		p.watches.connected(ctx)
	case p.watches != nil:
		err = p.watches.ask(ctx, &a)
	}
	if err != nil {
		err = newTokenError(ctx, err)
		if c != nil {
			c.note(attempt{})
		}
		return nil, err
	}
	if c != nil {
		if c.retry || a.client.ObservesOutcomes() {
			a.sent = a.client.Now()
		}
		a.ctx = ctx
		c.note(a)
	}
	return p.headerOf(a.token), nil
}

// attempt gets the token of an attempt.
func (p *perRPC) attempt(ctx context.Context, uri []string) (attempt, error) {
	origin := p.originOf(uri)
	client, err := p.client(ctx, origin)
	switch {
	case err != nil:
		return attempt{}, err
	case client.UsesDPoP():
		return attempt{}, errDPoP
	}
	tok, err := client.TokenFor(ctx, origin)
	return attempt{client: client, token: tok, origin: origin}, err
}

// RequireTransportSecurity makes grpc-go refuse to send the token over a connection that is not encrypted.
func (p *perRPC) RequireTransportSecurity() bool { return !p.plaintext }

// withoutAuthorization are a caller's credentials of one call, without their authorization: grpc-go would send it
// beside ours.
type withoutAuthorization struct{ credentials.PerRPCCredentials }

// GetRequestMetadata returns the rest of the caller's metadata.
func (w withoutAuthorization) GetRequestMetadata(ctx context.Context, uri ...string) (map[string]string, error) {
	if _, ours := w.PerRPCCredentials.(*perRPC); ours {
		return nil, nil
	}
	all, err := w.PerRPCCredentials.GetRequestMetadata(ctx, uri...)
	if err != nil {
		return nil, err
	}
	rest := make(map[string]string, len(all))
	for name, value := range all {
		if !isAuthorization(name) {
			rest[name] = value
		}
	}
	return rest, nil
}
