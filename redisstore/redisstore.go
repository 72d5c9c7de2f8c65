package redisstore

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/alf-go/alf/store"
)

// DefaultPrefix is what the names of keys and channels begin with.
const DefaultPrefix = "alf:"

// Store implements [store.Store] in Redis. It is safe for concurrent use.
type Store struct {
	client redis.UniversalClient
	prefix string
	script *redis.Script
	owned  io.Closer // the client, if it is not the caller's

	ctx   context.Context // ends with Close
	close context.CancelFunc
}

var _ store.Store = (*Store)(nil)

// Option changes a default of [New] and [Open].
type Option func(*Store)

// Prefix replaces [DefaultPrefix], for a server whose keys have to begin with something else. It must not contain
// braces, which decide where a cluster keeps a key. All processes need the same.
func Prefix(prefix string) Option { return func(s *Store) { s.prefix = prefix } }

// New returns a store that uses the caller's client. It neither waits for the server nor requires it: a store that does
// not work yet is used as soon as it does (D4); see [Store.Check]. Close ends the store, and leaves the client open.
//
// It panics without a client, and if a [Prefix] contains a brace.
func New(client redis.UniversalClient, options ...Option) *Store {
	if client == nil {
		panic("redisstore: New needs a client: make one with redis.NewClient or redis.NewUniversalClient, or use Open")
	}
	s, err := build(client, options)
	if err != nil {
		panic("redisstore: " + err.Error())
	}
	return s
}

func build(client redis.UniversalClient, options []Option) (*Store, error) {
	s := &Store{client: client, prefix: DefaultPrefix, script: redis.NewScript(source(clock))}
	for _, o := range options {
		o(s)
	}
	if strings.ContainsAny(s.prefix, "{}") {
		return nil, errors.New("Prefix: it contains a brace, which would decide where a cluster keeps a key: leave it out")
	}
	s.ctx, s.close = context.WithCancel(context.Background())
	return s, nil
}

// Close ends all commands and watches with [store.ErrClosed]. It waits for nothing, closes the client if [Open] made
// it, and is idempotent.
func (s *Store) Close() error {
	s.close()
	if s.owned == nil {
		return nil
	}
	if err := s.owned.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return err
	}
	return nil
}

// key and channel are those of an ID. What is in braces decides the node of a cluster, so both are on the same.
func (s *Store) key(id store.ID) string     { return s.prefix + "{" + string(id) + "}:t" }
func (s *Store) channel(id store.ID) string { return s.prefix + "{" + string(id) + "}:ev" }
