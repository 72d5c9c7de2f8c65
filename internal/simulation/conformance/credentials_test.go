package conformance_test

import (
	"context"
	"errors"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/simulation/world"
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
