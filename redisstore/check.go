package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/alf-go/alf/store"
)

// Check reports why the store does not work: the server cannot be reached, refuses the user, is a replica, or denies
// one of the rights that are needed. It does once what a client does, on an ID of its own, which it deletes. A program
// may call it when it starts, and should not end because of the error: without a store, every client works as if it
// had none (D4).
func (s *Store) Check(ctx context.Context) error {
	var random [16]byte
	_, _ = rand.Read(random[:]) // it does not fail
	id := store.ID(hex.EncodeToString(random[:]))
	const owner = "check"
	r, err := s.Do(ctx, id, store.Command{Kind: store.Acquire, Owner: owner, Lease: store.MinLease})
	if err != nil {
		return fmt.Errorf("the store cannot be used: %w", err)
	}
	watching, seen := context.WithCancel(ctx)
	defer seen()
	err = s.Watch(watching, id, func(store.Push) { seen() })
	if ctx.Err() != nil || watching.Err() == nil {
		return fmt.Errorf("new tokens cannot be passed on: %w", err)
	}
	// Its end is published, last of all.
	if _, err = s.Do(ctx, id, store.Command{Kind: store.Release, Owner: owner, Grant: r.Grant}); err != nil {
		return fmt.Errorf("new tokens cannot be passed on: %w", err)
	}
	if err = s.client.Del(ctx, s.key(id)).Err(); err != nil {
		return s.explain(err)
	}
	return nil
}

// Ping reports why no command can be run, if none can: a part of what [Store.Check] does that changes nothing.
func (s *Store) Ping(ctx context.Context) error {
	const none = store.ID("00000000000000000000000000000000")
	if _, err := s.run(ctx, none, []any{s.channel(none), "look"}); err != nil {
		return fmt.Errorf("the store cannot be used: %w", err)
	}
	return nil
}
