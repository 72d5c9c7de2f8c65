package redisstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/alf-go/alf/store"
)

// Do implements [store.Store]. Besides the errors described there it returns those of the client and the server.
func (s *Store) Do(ctx context.Context, id store.ID, c store.Command) (store.Reply, error) {
	if err := id.Validate(); err != nil {
		return store.Reply{}, err
	}
	if err := c.Validate(); err != nil {
		return store.Reply{}, err
	}
	out, err := s.run(ctx, id, arguments(s.channel(id), c))
	if err != nil {
		return store.Reply{}, err
	}
	return parseReply(out)
}

// run runs the script, and returns soon after ctx or the store has ended. The client may not: it does not regard a
// context that is cancelled, and a deadline only if an option says so. A command that was left alone ends with the
// client's own timeout, and has no context that could be cancelled, because the client would throw away a sound
// connection.
func (s *Store) run(ctx context.Context, id store.ID, args []any) (any, error) {
	if s.ctx.Err() != nil {
		return nil, store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		out any
		err error
	}
	done := make(chan result, 1)
	go func() {
		alone := context.WithoutCancel(ctx)
		if deadline, set := ctx.Deadline(); set {
			var cancel context.CancelFunc
			alone, cancel = context.WithDeadline(alone, deadline)
			defer cancel()
		}
		out, err := s.script.Run(alone, s.client, []string{s.key(id)}, args...).Result()
		done <- result{out, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, s.explain(r.err)
		}
		return r.out, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-s.ctx.Done():
		return nil, store.ErrClosed
	}
}

// explain adds the remedy to an error, where there is one.
func (s *Store) explain(err error) error {
	switch {
	case s.ctx.Err() != nil || errors.Is(err, redis.ErrClosed):
		return fmt.Errorf("%w: %w", store.ErrClosed, err)
	case redis.HasErrorPrefix(err, "NOPERM"):
		return fmt.Errorf("the user of Redis lacks a right, see the package's documentation for those that it needs: %w", err)
	case redis.HasErrorPrefix(err, "NOAUTH"), redis.HasErrorPrefix(err, "WRONGPASS"):
		return fmt.Errorf("the server refuses the user or its password, see the client's options: %w", err)
	case redis.HasErrorPrefix(err, "OOM"):
		return fmt.Errorf("the server has no memory left, see maxmemory and maxmemory-policy: %w", err)
	case redis.HasErrorPrefix(err, "READONLY"):
		return fmt.Errorf("this server of Redis is a replica, connect to the master: %w", err)
	case redis.HasErrorPrefix(err, "MOVED"), redis.HasErrorPrefix(err, "CROSSSLOT"):
		return fmt.Errorf("this server of Redis is part of a cluster, use redis.NewClusterClient: %w", err)
	}
	return err
}

// arguments are those of the script; see script/reply.lua.
func arguments(channel string, c store.Command) []any {
	return []any{
		channel, c.Kind.String(), c.Owner, c.Lease, c.Seen.Epoch, c.Seen.Gen, string(c.Rejected), string(c.Origin),
		flag(c.Good), flag(c.Guarded), flag(c.Urgent), flag(c.Manual), c.Grant.Epoch, c.Grant.Gen, string(c.Digest),
		int64(c.Expires), c.Sealed, flag(c.Offered), int(c.Class), int64(c.Until), flag(c.Behind), c.Failures,
		flag(c.Accepted), c.Age, c.Note,
	}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

var replyKinds = map[string]store.ReplyKind{}

func init() {
	for k := store.Have; k <= store.Refused; k++ {
		replyKinds[k.String()] = k
	}
}

var errNonsense = errors.New("the reply of Redis makes no sense: it is no such server, or its script was changed")

// parseReply is the reverse of written in script/reply.lua.
func parseReply(out any) (store.Reply, error) {
	list, ok := out.([]any)
	if !ok || len(list) < 2 {
		return store.Reply{}, errNonsense
	}
	words := make([]string, len(list))
	for i, word := range list {
		if words[i], ok = word.(string); !ok {
			return store.Reply{}, errNonsense
		}
	}
	if words[0] == "error" {
		return store.Reply{}, refusal(words[1])
	}
	const numbers, all = 15, 20
	if len(words) != all {
		return store.Reply{}, errNonsense
	}
	var n [numbers]int64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseInt(words[1+i], 10, 64); err != nil || n[i] < 0 || n[i] > store.MaxNumber {
			return store.Reply{}, errNonsense
		}
	}
	text := words[1+numbers:]
	r := store.Reply{
		Kind: replyKinds[words[0]], Now: store.Time(n[0]), Version: store.Version{Epoch: n[1], Gen: n[2]},
		Record: store.Record{
			Gen: n[3], Expires: store.Time(n[4]), Published: store.Time(n[5]), Digest: store.Digest(text[0]), Sealed: bytes(text[1]),
		},
		Grant: store.Version{Epoch: n[6], Gen: n[7]}, Until: store.Time(n[8]),
		Hold: store.HoldState{
			Fence: n[9], Until: store.Time(n[10]), Class: store.Class(min(n[11], 255)), Behind: n[12] == 1, Failures: n[13], Note: bytes(text[2]),
		},
		Guarded: n[14] == 1, Note: bytes(text[3]),
	}
	if r.Kind == 0 {
		return store.Reply{}, errNonsense
	}
	return r, nil
}

// bytes is nil for what is not there, as it is in a state.
func bytes(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text)
}

// refusal is the error of a command that only the store could know to make no sense.
func refusal(field string) error {
	switch field {
	case "Until":
		return &store.FieldError{Field: field, Problem: "too far in the future", Remedy: "use at most 10 minutes from now"}
	case "Seen":
		return &store.FieldError{Field: field, Problem: "no epoch is left after this one", Remedy: "delete the keys of this ID, and restart the processes"}
	case "now":
		return &store.FieldError{Field: field, Problem: "out of range", Remedy: "set the clock of Redis's machine"}
	}
	return errNonsense
}
