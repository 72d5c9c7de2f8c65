package conformance_test

import (
	"context"
	"errors"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/simulation/world"
	"github.com/alf-go/alf/manager"
)

// refused is a refusal of credentials that can be read again: they are other ones once the endpoint would take them
// (F4). Reading them takes a millisecond, as in package world.
type refused struct {
	error
	*bubble
}

func (r refused) Unwrap() error { return r.error }

func (r refused) CredentialsChanged() bool {
	r.wait(context.Background(), time.Millisecond)
	r.servers.mu.Lock()
	defer r.servers.mu.Unlock()
	return r.servers.trouble != world.Denying
}

// recheckable adds to an error of the fetcher that credentials can be read again, if it refuses them.
func (b *bubble) recheckable(err error) error {
	code, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !b.plan.Recheck || !ok || code.ErrorCode != "invalid_client" {
		return err
	}
	return refused{err, b}
}

// askLonger is a caller that wants a token which remains valid for a while (M20).
func (b *bubble) askLonger(min time.Duration) {
	c := &caller{bubble: b, arrived: b.now()}
	ctx, leave := context.WithCancelCause(context.Background())
	defer leave(nil)
	c.leave = leave
	c.asks()
	_, err := b.client.TokenValidFor(ctx, min)
	c.forget()
	b.finished(c.outcomeLonger(err), err)
}

func (c *caller) outcomeLonger(err error) world.Outcome {
	switch {
	case err == nil:
		return world.Succeeded
	case errors.Is(err, alf.ErrClosed):
		return world.Closed
	case errors.Is(err, errPatience):
		return world.Left
	case errors.Is(err, manager.ErrTooShort):
		c.say("tokens are too short")
	default:
		c.say("a caller is refused")
	}
	return world.Refused
}
