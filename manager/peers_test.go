package manager_test

// What other clients were seen to do wrong, each as a scenario that has to come out right here. The numbers are those
// of the list the project keeps of them; the ones that are about HTTP are tested where HTTP is.

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func TestPeerDefect01_FiftyCallersOnAShortTokenMakeOneFetch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime, w.endpoint.latency = 10*second, 20*ms
		callers := make([]*caller, 50)
		for i := range callers {
			callers[i] = w.wait()
		}
		w.advance(20 * ms)
		for _, c := range callers {
			c.wantToken("t1")
		}
		w.wantFetches(1)
	})
}

func TestPeerDefect03_AMarginAboveTheLifetimeIsNoLoop(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		for range 100 {
			w.advance(100 * ms)
			w.get()
		}
		w.wantFetches(1)
		require.Equal(t, 50*second, w.m.Stats().EffectiveExpiry.Sub(time.Unix(0, 0)))
	}, withPolicy(manager.Policy{Margin: 225 * second}))
}

func TestPeerDefect04_AFailingRefreshUnderLoadBacksOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67 * second)
		w.endpoint.fails(errDown)
		for range 200 { // 20 s of callers
			w.advance(100 * ms)
			require.Equal(t, "t1", w.get())
		}
		require.LessOrEqual(t, w.endpoint.count(), 1+6)
		w.advance(10 * second)
	})
}

func TestPeerDefect05_AWaiterCanBeCancelled(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = 300 * ms
		first := w.wait()
		ctx, cancel := context.WithTimeout(t.Context(), 30*ms)
		defer cancel()
		start := time.Now()
		waiter := w.waitIn(ctx)
		<-waiter.done
		require.ErrorIs(t, waiter.err, context.DeadlineExceeded)
		require.Equal(t, 30*ms, time.Since(start))
		first.wantWaiting()
		w.advance(300 * ms)
	})
}

func TestPeerDefect07_ARefreshDoesNotDieWithTheCallerThatStartedIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.advance(67500 * ms)
		w.advance(22 * second)
		ctx, cancel := context.WithCancel(t.Context())
		w.waitIn(ctx)
		cancel()
		w.advance(second)
		require.NoError(t, w.m.Stats().LastError)
		w.get()
	})
}

func TestPeerDefect08_GetAfterCloseReturns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.m.Close()
		require.ErrorIs(t, w.getErr(), manager.ErrClosed)
	})
}

func TestPeerDefect09_AnExpiredTokenIsNeverServed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(errDown)
		w.advance(90 * second)
		for range 100 {
			c := w.wait()
			w.advance(second)
			require.ErrorIs(t, c.failure(), errDown)
		}
	})
}

func TestPeerDefect10_AFailedRefreshIsTriedAgainBeforeTheExpiry(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(errDown)
		w.advance(67500 * ms)
		w.endpoint.works()
		w.advance(500 * ms)
		require.Equal(t, "t3", w.get())
	})
}

func TestPeerDefect11_AnInvalidationDuringAFetchIsNotLost(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.advance(67500 * ms)
		require.NoError(t, w.m.Invalidate(first.got, api))
		c := w.wait()
		c.wantWaiting()
		w.advance(second)
		c.wantToken("t2")
		w.wantFetches(2)
	})
}

func TestPeerDefect13_NoLifetimeIsNotForever(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.reply = func(n int) (*oauth2.Token, error) {
			return &oauth2.Token{AccessToken: "t", TokenType: "Bearer"}, nil
		}
		w.get()
		w.endpoint.set(func(e *endpoint) { e.reply, e.fail = nil, errDown })
		w.advance(5 * minute)
		c := w.wait()
		w.advance(second)
		require.ErrorIs(t, c.failure(), errDown)
	})
}

func TestPeerDefect16_RetriesAreJitteredAndFollowMalformedResponsesToo(t *testing.T) {
	waits := map[time.Duration]bool{}
	for _, draw := range []float64{0, 0.25, 0.5, 0.75} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.fail = errors.New("malformed response")
			c := w.wait()
			w.advance(second)
			waits[nextAttempt(t, c.failure())] = true
			w.advance(second)
			w.endpoint.works()
			require.Equal(t, "t4", w.get())
		}, withRand(func() float64 { return draw }))
	}
	require.Len(t, waits, 4)
}

func TestPeerDefect18_RefreshingGoesOnAfterAnError(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(errDown)
		w.advance(70 * second)
		w.endpoint.works()
		w.advance(10 * second)
		fetches := w.endpoint.count()
		for range 3 {
			w.get()
			w.advance(67500 * ms)
			fetches++
			w.wantFetches(fetches)
		}
		synctest.Wait()
	})
}
