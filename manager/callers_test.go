package manager_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestM3_OneFlightWhateverHappens(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.set(func(e *endpoint) { e.latency = 700 * ms })
		for i := range 300 {
			c := w.wait()
			switch i % 7 {
			case 1:
				w.refresh()
			case 2:
				if c.got != nil {
					w.m.Invalidate(c.got, "https://api")
				}
			case 3:
				w.endpoint.fails(errDown)
			case 5:
				w.endpoint.set(func(e *endpoint) { e.fail = nil; e.lifetime = 3 * second })
			}
			w.advance(330 * ms)
		}
		w.advance(minute)
		require.Equal(t, 1, w.endpoint.most)
		require.Greater(t, w.endpoint.count(), 20)
	})
}

func TestM3_AThousandColdCallersCostOneFetch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = second
		callers := make([]*caller, 1500) // more than the owner replies to by itself
		for i := range callers {
			callers[i] = w.wait()
		}
		require.Equal(t, 1500, w.m.Stats().Waiting)
		w.advance(second)
		for _, c := range callers {
			c.wantToken("t1")
		}
		w.wantFetches(1)
	})
}

func TestM11_ACallersContextEndsItsWaitAloneWithItsCause(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = 300 * ms
		ctx, cancel := context.WithCancelCause(t.Context())
		leaver, other := w.waitIn(ctx), w.wait()
		cause := errors.New("had enough")
		cancel(cause)
		require.ErrorIs(t, leaver.failure(), cause)
		require.Zero(t, leaver.after, "at once")
		other.wantWaiting()
		w.advance(300 * ms)
		other.wantToken("t1")
		w.wantFetches(1)
	})
}

func TestM11_TheFetchOutlivesTheCallerThatStartedIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = 300 * ms
		ctx, cancel := context.WithCancel(t.Context())
		leaver := w.waitIn(ctx)
		cancel()
		require.ErrorIs(t, leaver.failure(), context.Canceled)
		w.advance(300 * ms)
		require.Equal(t, "t1", w.get())
		w.wantFetches(1)
	})
}

func TestM11_TheFetchGetsNoValuesOfACallersContext(t *testing.T) {
	type key struct{}
	inWorld(t, func(t *testing.T, w *world) {
		w.waitIn(context.WithValue(t.Context(), key{}, "theirs")).wantToken("t1")
		require.Nil(t, w.endpoint.contexts[0].Value(key{}))
		_, hasDeadline := w.endpoint.contexts[0].Deadline()
		require.False(t, hasDeadline)
	})
}

func TestM11_WhoComesWithAFinishedContextCausesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, w.waitIn(ctx).failure(), context.Canceled)
		w.wantFetches(0)
	})
}

func TestM14_CloseRepliesToAllAndIsIdempotent(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.hang = true
		callers := []*caller{w.wait(), w.wait(), w.refresh()}
		require.NoError(t, w.m.Close())
		for _, c := range callers {
			require.ErrorIs(t, c.failure(), manager.ErrClosed)
		}
		require.ErrorIs(t, context.Cause(w.endpoint.contexts[0]), manager.ErrClosed, "the fetch is cancelled")
		require.Zero(t, w.endpoint.running, "and has ended")
		require.NoError(t, w.m.Close())
		require.ErrorIs(t, w.getErr(), manager.ErrClosed)
		require.ErrorIs(t, w.m.Invalidate(manager.NewToken(1, named("x", time.Time{})), ""), manager.ErrClosed)
		require.ErrorIs(t, w.refresh().failure(), manager.ErrClosed)
		require.True(t, w.m.Stats().Closed)
		require.EqualValues(t, 1, w.m.Stats().Fetches)
	})
}

func TestM14_TokenAfterCloseFailsAtOnceThoughOneIsAtHand(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.m.Close()
		require.ErrorIs(t, w.getErr(), manager.ErrClosed)
		require.False(t, w.m.Stats().Ready)
	})
}

func TestM14_CloseWaitsForAFetchThatIgnoresItUntilItIsGivenUp(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		c := w.wait()
		closed := make(chan struct{})
		go func() { w.m.Close(); close(closed) }()
		synctest.Wait()
		require.ErrorIs(t, c.failure(), manager.ErrClosed)
		require.ErrorIs(t, w.getErr(), manager.ErrClosed, "while it is closing as well")
		w.advance(5*second - 1)
		select {
		case <-closed:
			t.Fatal("closed too early")
		default:
		}
		w.advance(1)
		<-closed
	})
}

func TestM14_ManyCloseAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = second
		for range 2000 {
			w.wait()
		}
		for range 10 {
			go w.m.Close()
		}
		w.m.Close()
	})
}
