package redisstore_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/redisstore"
	"github.com/alf-go/alf/store"
)

func TestMain(m *testing.M) {
	if fleet.IsProcess() {
		os.Exit(fleet.Main(processProgram))
	}
	goleak.VerifyTestMain(m)
}

// watcher collects what is pushed.
type watcher struct {
	mu     sync.Mutex
	pushes []store.Push
	ended  chan error
	stop   context.CancelFunc
}

func watch(s *redisstore.Store) *watcher {
	ctx, stop := context.WithCancel(context.Background())
	w := &watcher{ended: make(chan error, 1), stop: stop}
	go func() {
		w.ended <- s.Watch(ctx, id, func(p store.Push) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.pushes = append(w.pushes, p)
		})
	}()
	return w
}

func (w *watcher) last() (p store.Push, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n = len(w.pushes); n > 0 {
		p = w.pushes[n-1]
	}
	return p, n
}

// publish fetches and publishes a token.
func publish(t *testing.T, s *redisstore.Store, n int) store.Version {
	t.Helper()
	c := store.Command{Kind: store.Acquire, Owner: "publisher", Lease: 5_000, Manual: true}
	r, err := s.Do(t.Context(), id, c)
	require.NoError(t, err)
	require.Equal(t, store.Fetch, r.Kind)
	done, err := s.Do(t.Context(), id, store.Command{
		Kind: store.Publish, Owner: "publisher", Grant: r.Grant, Digest: digest(n), Expires: r.Now + 60_000, Sealed: []byte("sealed\x00\n"),
	})
	require.NoError(t, err)
	require.Equal(t, store.Done, done.Kind)
	return r.Grant
}

// TestD9_PushesCarryTheRecord, and the first one is what was there before.
func TestD9_PushesCarryTheRecord(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		server := startServer(t, program)
		for _, protocol := range []int{2, 3} {
			client := server.client(func(o *redis.Options) { o.Protocol = protocol })
			shared := redisstore.New(client)
			w := watch(shared)
			eventually(t, "the first push", func() bool { _, n := w.last(); return n == 1 })
			for n := range 3 {
				version := publish(t, shared, n)
				eventually(t, "a push", func() bool { p, _ := w.last(); return p.Version == version })
				p, _ := w.last()
				require.Equal(t, digest(n), p.Record.Digest)
				require.Equal(t, "sealed\x00\n", string(p.Record.Sealed))
				require.WithinDuration(t, time.Now(), p.Now.Std(), 5*time.Second)
			}
			late := watch(shared)
			eventually(t, "the first push", func() bool { p, _ := late.last(); return p.Record.Digest == digest(2) })
			late.stop()
			require.ErrorIs(t, <-late.ended, context.Canceled)
			require.NoError(t, shared.Close())
			require.ErrorIs(t, <-w.ended, store.ErrClosed)
			eventually(t, "no connection is left", func() bool { return server.watches(client) == 0 })
			require.ErrorIs(t, shared.Watch(t.Context(), id, nil), store.ErrClosed)
			_, err := shared.Do(t.Context(), id, store.Command{Kind: store.Acquire, Owner: "a", Lease: 1_000})
			require.ErrorIs(t, err, store.ErrClosed)
			require.NoError(t, shared.Close(), "once more")
		}
	})
}

// TestD9_AWatchThatMissesSomethingEnds: the caller is to look again.
func TestD9_AWatchThatMissesSomethingEnds(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		server := startServer(t, program)
		client := server.client()
		shared := redisstore.New(client)
		defer func() { require.NoError(t, shared.Close()) }()
		w := watch(shared)
		eventually(t, "the first push", func() bool { _, n := w.last(); return n == 1 })
		server.do(client, "CLIENT", "KILL", "TYPE", "pubsub")
		require.Error(t, <-w.ended)

		w = watch(shared)
		eventually(t, "the first push", func() bool { _, n := w.last(); return n == 1 })
		server.kill()
		require.Error(t, <-w.ended)
		require.Error(t, (<-watch(shared).ended), "there is no server")
		_, err := shared.Do(t.Context(), id, store.Command{Kind: store.Acquire, Owner: "a", Lease: 1_000})
		require.Error(t, err)

		require.NoError(t, server.start())
		w = watch(shared)
		eventually(t, "the first push", func() bool { _, n := w.last(); return n == 1 })
		w.stop()
		<-w.ended
	})
}

// TestD3_AForgedMessageEndsTheWatch, and harms nothing.
func TestD3_AForgedMessageEndsTheWatch(t *testing.T) {
	onEach(t, func(t *testing.T, program string) {
		server := startServer(t, program)
		client := server.client()
		shared := redisstore.New(client)
		defer func() { require.NoError(t, shared.Close()) }()
		for _, message := range []string{"", "nonsense", "1 2 3\n", "2" + string(make([]byte, 100)), "1 1 1 1 - 1 1 1 1 1 1 1 1 0 9\nshort"} {
			w := watch(shared)
			eventually(t, "the first push", func() bool { _, n := w.last(); return n == 1 })
			server.do(client, "PUBLISH", shared.Channel(id), message)
			require.ErrorContains(t, <-w.ended, "makes no sense")
		}
	})
}
