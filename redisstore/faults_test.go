package redisstore_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

var anyCommand = store.Command{Kind: store.Acquire, Owner: "a", Lease: 1_000}

// TestD4_ACommandEndsWithItsContext, whatever the client's own timeouts are.
func TestD4_ACommandEndsWithItsContext(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts, and says nothing
	require.NoError(t, err)
	defer func() { _ = silent.Close() }()
	client := redis.NewClient(&redis.Options{Addr: silent.Addr().String(), ReadTimeout: time.Minute, DialTimeout: time.Minute})
	shared := redisstore.New(client)

	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = shared.Do(ctx, id, anyCommand)
	require.ErrorIs(t, err, context.Canceled)

	ctx, cancel = context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	_, err = shared.Do(ctx, id, anyCommand)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	ended := make(chan error, 2)
	go func() {
		_, err := shared.Do(context.Background(), id, anyCommand)
		ended <- err
	}()
	time.AfterFunc(20*time.Millisecond, func() { _ = shared.Close() })
	require.ErrorIs(t, <-ended, store.ErrClosed)
	require.NoError(t, client.Close())
	_ = silent.Close()
}

// TestD4_ErrorsNameTheRemedy of what an operator can mend.
func TestD4_ErrorsNameTheRemedy(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		server := startServer(t, program)
		admin := server.client()
		do := func(args ...any) { t.Helper(); server.do(admin, args...) }
		fails := func(client redis.UniversalClient, contains string) {
			t.Helper()
			shared := redisstore.New(client)
			defer func() { require.NoError(t, shared.Close()) }()
			err := shared.Check(t.Context())
			require.ErrorContains(t, err, contains)
		}
		user := func(name, password string) *redis.Client {
			return server.client(func(o *redis.Options) { o.Username, o.Password = name, password })
		}
		works := redisstore.New(admin)
		require.NoError(t, works.Check(t.Context()))

		fails(user("unknown", "secret-password"), "refuses the user")
		const rights = "+evalsha +eval +subscribe +unsubscribe +publish +ping +hello +auth +time +hmget +hget +hstrlen +hset +del +pexpire"
		args := func(more ...any) []any { return append([]any{"ACL", "SETUSER", "alf", "reset", "on", ">pw"}, more...) }
		granted := func(list string) (all []any) {
			for _, r := range strings.Fields(list) {
				all = append(all, r)
			}
			return all
		}
		do(append(args("~alf:*", "&alf:*"), granted(rights)...)...)
		require.NoError(t, redisstore.New(user("alf", "pw")).Check(t.Context()), "the rights that the documentation lists")
		do(append(args("~alf:*", "&other:*"), granted(rights)...)...)
		fails(user("alf", "pw"), "lacks a right")
		do(append(args("~other:*", "&alf:*"), granted(rights)...)...)
		fails(user("alf", "pw"), "lacks a right")
		do(append(args("~alf:*", "&alf:*"), granted("+ping +hello +auth")...)...)
		fails(user("alf", "pw"), "lacks a right")

		do("CONFIG", "SET", "maxmemory-policy", "noeviction")
		do("CONFIG", "SET", "maxmemory", "1")
		fails(admin, "no memory")
		do("CONFIG", "SET", "maxmemory", "0")

		master := startServer(t, program)
		do("REPLICAOF", "127.0.0.1", master.port())
		fails(admin, "replica")
		do("REPLICAOF", "NO", "ONE")
		require.NoError(t, works.Check(t.Context()))
		require.NoError(t, works.Close())

		server.kill()
		fails(admin, "cannot be used")
	})
}

// TestD4_OpenNamesWhatIsWrong with a URL, and shows no secret.
func TestD4_OpenNamesWhatIsWrong(t *testing.T) {
	for address, contains := range map[string]string{
		"":                                  "scheme",
		"redsi://localhost":                 "redsi",
		"localhost:6379":                    "scheme",
		"http://user:very-secret@localhost": "scheme",
		"redis://":                          "no host",
		"redis://user:very-secret@host/x":   "database",
		"redis://user:very-secret@host:0x1": "URL",
		"redis://host?no_such_option=1":     "no_such_option",
		"redis://:very-secret@host?db=x":    "database",
		"redis://user:very-secret@ho st":    "URL",
	} {
		s, err := redisstore.Open(address)
		require.ErrorContains(t, err, contains, address)
		require.NotContains(t, err.Error(), "very-secret", address)
		require.Nil(t, s)
	}
	_, err := redisstore.Open("redis://127.0.0.1:1", redisstore.Prefix("a{b"))
	require.ErrorContains(t, err, "Prefix")
	require.Panics(t, func() { redisstore.New(nil) })
	s, err := redisstore.Open("redis://127.0.0.1:1")
	require.NoError(t, err)
	require.Error(t, s.Check(t.Context()))
	require.NoError(t, s.Close())
}

// TestD2_AReplyThatIsLostIsHarmless: the client sends a command again, and the store runs it twice.
func TestD2_AReplyThatIsLostIsHarmless(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		shared := redisstore.New(startServer(t, program).client())
		defer func() { require.NoError(t, shared.Close()) }()
		twice := func(c store.Command) store.Reply {
			first, err := shared.Do(t.Context(), id, c)
			require.NoError(t, err)
			again, err := shared.Do(t.Context(), id, c)
			require.NoError(t, err)
			require.Equal(t, first.Kind, again.Kind)
			require.Equal(t, first.Grant, again.Grant)
			return first
		}
		r := twice(store.Command{Kind: store.Acquire, Owner: "a", Lease: 5_000})
		require.Equal(t, store.Fetch, r.Kind)
		r = twice(store.Command{Kind: store.Publish, Owner: "a", Grant: r.Grant, Digest: digest(1), Expires: r.Now + 60_000, Sealed: []byte("s")})
		require.Equal(t, store.Done, r.Kind)
		r = twice(store.Command{Kind: store.Acquire, Owner: "b", Lease: 5_000})
		require.Equal(t, store.Have, r.Kind)
	})
}
