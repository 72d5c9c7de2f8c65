package redisstore

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/alf-go/alf/store"
)

// Clocked is a store whose time comes with each command.
type Clocked struct{ *Store }

// NewClocked returns one.
func NewClocked(client redis.UniversalClient) Clocked {
	s := New(client)
	s.script = redis.NewScript(source("local now = tonumber(ARGV[#ARGV])"))
	return Clocked{s}
}

// DoAt runs a command at that time.
func (s Clocked) DoAt(ctx context.Context, now store.Time, id store.ID, c store.Command) (store.Reply, error) {
	out, err := s.run(ctx, id, append(arguments(s.channel(id), c), int64(now)))
	if err != nil {
		return store.Reply{}, err
	}
	return parseReply(out)
}

// Look returns what a new watcher is shown at that time.
func (s Clocked) Look(ctx context.Context, now store.Time, id store.ID) (p store.Push, ok bool, err error) {
	out, err := s.run(ctx, id, []any{s.channel(id), "look", int64(now)})
	if err != nil {
		return p, false, err
	}
	p, ok = parsePush(out)
	return p, ok, nil
}

// Names of what is kept about an ID.
func (s *Store) Key(id store.ID) string     { return s.key(id) }
func (s *Store) Channel(id store.ID) string { return s.channel(id) }

// ParsePush and ParseReply read what comes from the server.
func ParsePush(message any) (store.Push, bool) { return parsePush(message) }
func ParseReply(out any) (store.Reply, error)  { return parseReply(out) }
