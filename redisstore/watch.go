package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/alf-go/alf/store"
)

// A connection on which nothing has come for heartbeat is asked whether it is alive, and is given up if nothing comes
// for as long again: go-redis would keep one that went silent.
const heartbeat = 10 * time.Second

// subscribeTime is how long a subscription may take.
const subscribeTime = 5 * time.Second

// Watch implements [store.Store]. It uses a connection of its own.
func (s *Store) Watch(ctx context.Context, id store.ID, push func(store.Push)) error {
	if err := id.Validate(); err != nil {
		return err
	}
	if s.ctx.Err() != nil {
		return store.ErrClosed
	}
	err := s.watch(ctx, id, push)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case s.ctx.Err() != nil:
		return store.ErrClosed
	}
	return s.explain(err)
}

func (s *Store) watch(ctx context.Context, id store.ID, push func(store.Push)) error {
	// One channel for each subscription: a Ring looks for all of them at the server of the first.
	subscription := s.client.Subscribe(context.WithoutCancel(ctx), s.channel(id))
	closing := func() { _ = subscription.Close() }
	defer closing()
	defer context.AfterFunc(ctx, closing)()
	defer context.AfterFunc(s.ctx, closing)()
	// The first thing that comes says that it has begun.
	if _, err := subscription.ReceiveTimeout(context.WithoutCancel(ctx), subscribeTime); err != nil {
		return err
	}
	// What was published before the subscription began.
	out, err := s.run(ctx, id, []any{s.channel(id), "look"})
	if err != nil {
		return err
	}
	if err := deliver(out, push); err != nil {
		return err
	}
	for asked := false; ; {
		message, err := subscription.ReceiveTimeout(context.WithoutCancel(ctx), heartbeat)
		var timeout net.Error
		switch {
		case err == nil:
			asked = false
		case asked || !errors.As(err, &timeout) || !timeout.Timeout():
			return err
		default:
			if err := subscription.Ping(context.WithoutCancel(ctx)); err != nil {
				return err
			}
			asked = true
		}
		switch m := message.(type) {
		case *redis.Message:
			if err := deliver(m.Payload, push); err != nil {
				return err
			}
		case *redis.Subscription:
			return fmt.Errorf("the subscription was ended (%s)", m.Kind)
		}
	}
}

func deliver(message any, push func(store.Push)) error {
	p, ok := parsePush(message)
	if !ok {
		return errNonsense
	}
	push(p)
	return nil
}

// parsePush is the reverse of push_message in script/state.lua.
func parsePush(message any) (p store.Push, ok bool) {
	text, ok := message.(string)
	if !ok {
		return p, false
	}
	line, rest, ok := strings.Cut(text, "\n")
	words := strings.Split(line, " ")
	if !ok || len(words) != 15 || words[0] != "1" {
		return p, false
	}
	digest := words[4]
	words[4] = "0"
	var n [15]int64
	for i, word := range words {
		var err error
		if n[i], err = strconv.ParseInt(word, 10, 64); err != nil || n[i] < 0 || n[i] > store.MaxNumber {
			return p, false
		}
	}
	note, sealed := n[13], n[14]
	if note > store.MaxNote || sealed > store.MaxSealed || int64(len(rest)) != note+sealed {
		return p, false
	}
	if digest == "-" {
		digest = ""
	}
	return store.Push{
		Now: store.Time(n[1]), Version: store.Version{Epoch: n[2], Gen: n[3]},
		Record: store.Record{
			Gen: n[3], Digest: store.Digest(digest), Expires: store.Time(n[5]), Published: store.Time(n[6]), Sealed: bytes(rest[note:]),
		},
		Hold: store.HoldState{
			Fence: n[7], Until: store.Time(n[8]), Class: store.Class(min(n[9], 255)), Behind: n[10] == 1, Failures: n[11], Note: bytes(rest[:note]),
		},
		Busy: store.Time(n[12]),
	}, true
}
