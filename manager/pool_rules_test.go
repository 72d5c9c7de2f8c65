package manager_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestP7_RefreshedAheadWhileInUse(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		w.ask(h.Token).wantToken("t1")
		w.get("b")
		w.advance(67500 * ms)
		w.wantFetches("a", 2)
		w.ask(h.Token).wantToken("t2")
		w.advance(67500 * ms) // b was read by the caller that waited, so it is refreshed once
		w.wantFetches("b", 2)
		w.wantFetches("a", 3)
		w.advance(10 * minute)
		w.wantFetches("b", 2)
		require.Nil(t, h.Current())
	})
}

func TestP7_M2_WithdrawnByTheTimeElapsedThoughTheClockWasSteppedBack(t *testing.T) {
	inPool(t, manager.PoolConfig{Owners: 1}, func(t *testing.T, w *poolWorld) {
		a, b := w.endpoint("a"), w.endpoint("b")
		b.lifetime = 50 * second
		ha, hb := w.of("a"), w.of("b")
		w.ask(ha.Token).wantToken("t1")
		w.ask(hb.Token).wantToken("t1")
		a.fails(permanent{errDown})
		b.fails(permanent{errDown})
		w.advance(20 * second)
		w.skew(-hour)
		require.NotNil(t, hb.Current())
		w.ask(ha.Refresh).failure() // a message, by which the owner reads the clock
		hb.Forget()                 // the nearest effective expiry is gone
		w.advance(69 * second)
		require.NotNil(t, ha.Current())
		w.advance(second)
		require.Nil(t, ha.Current())
	})
}

func TestP7_M12_ARejectedTokenIsReplaced(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		old := w.ask(h.Token)
		old.wantToken("t1")
		w.ask(func(ctx context.Context) (*manager.Token, error) { return h.Replace(ctx, old.got, api) }).wantToken("t2")
		w.ask(func(ctx context.Context) (*manager.Token, error) { return h.Replace(ctx, old.got, api) }).wantToken("t2")
		w.wantFetches("a", 2)
		require.Equal(t, "t1", w.get("b"))
	})
}

func TestP7_M14_CloseEndsEverything(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.get("a")
		w.endpoint("b").hang = true
		waiting := w.ask(w.of("b").Token)
		waiting.wantWaiting()
		h := w.of("a")
		require.NoError(t, w.pool.Close())
		require.ErrorIs(t, waiting.failure(), manager.ErrClosed)
		require.ErrorIs(t, w.ask(h.Token).failure(), manager.ErrClosed)
		require.ErrorIs(t, w.ask(w.of("c").Token).failure(), manager.ErrClosed)
		require.True(t, w.pool.Stats().Closed)
		require.NoError(t, w.pool.Close())
	})
}

func TestP7_W1_AWatchedTokenStaysAndGoesOnAfterForget(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		ctx, cancel := context.WithCancel(t.Context())
		var seen []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for token, err := range h.Watch(ctx) {
				require.NoError(t, err)
				seen = append(seen, token.Value())
			}
		}()
		w.advance(3 * hour)
		require.GreaterOrEqual(t, w.endpoint("a").count(), 100)
		require.Equal(t, 1, w.pool.Stats().Tokens)
		n := len(seen)
		require.GreaterOrEqual(t, n, 100)
		h.Forget()
		synctest.Wait()
		require.Len(t, seen, n+1)
		cancel()
		<-done
	})
}

func TestP7_M18_EventsNameTheTarget(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.ask(w.pool.Handle(manager.KeyOf("x"), labelled{w.endpoint("x"), "stock"}).Token).token()
		events := w.list()
		require.NotEmpty(t, events)
		for _, e := range events {
			require.Equal(t, "stock", e.Target)
		}
	})
}

// labelled is an endpoint whose target has a name in events.
type labelled struct {
	*endpoint
	name string
}

func (l labelled) String() string { return l.name }

// TestP4_AForgottenTokenIsReportedOnce, whether something goes on about it or not.
func TestP4_AForgottenTokenIsReportedOnce(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		reported := func(kind manager.EventKind) int {
			events := w.seen(kind)
			for _, e := range events {
				require.Equal(t, w.clock.Now(), e.Time.In(w.clock.Now().Location()))
			}
			return len(events)
		}
		w.clock.Add(second)
		w.get("quiet")
		w.of("quiet").Forget()
		require.Equal(t, 1, reported(manager.Withdrawn), "its token, as when it is busy")
		require.Equal(t, 1, reported(manager.Closed))
		w.of("quiet").Forget()
		require.Equal(t, 1, reported(manager.Closed))
		require.Equal(t, "t2", w.get("quiet"))

		w.endpoint("busy").stuck = true
		w.ask(w.of("busy").Token)
		synctest.Wait()
		w.of("busy").Forget()
		require.Equal(t, 2, reported(manager.Closed))
		require.Zero(t, w.of("none").Stats())
	})
}
