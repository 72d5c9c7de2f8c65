package manager_test

// Bugs that the simulator found in the core, each at the size of a test. The worlds that showed them run on, in
// internal/simulation/world.

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func TestM16_ACallerServedByTheOwnerWakesTheIdleManager(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		old := w.wait()
		w.advance(67500 * ms)
		w.advance(67500 * ms)
		require.True(t, w.m.Stats().Idle)
		w.replace(old.got, api).wantToken("t2") // a late rejection: served by the owner, not by the snapshot
		w.wantFetches(3)
	})
}

func TestM6_ANegativeLifetimeIsExpiredWhateverTheClockReads(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime, w.endpoint.latency = -second, second
		c := w.wait()
		w.skew(-hour) // during the fetch
		w.advance(second)
		c.wantToken("t1")
		require.False(t, w.m.Stats().Ready)
	})
}

func TestM5_TheGateOfARepeatedTokenDoesNotOutliveIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 100*second)
		w.get()
		w.advance(67500 * ms)
		w.get()
		w.endpoint.set(func(e *endpoint) { e.reply, e.lifetime = nil, second })
		w.advance(30 * second)
		w.refresh().token()
		fetches := w.endpoint.count()
		w.advance(675 * ms)
		w.wantFetches(fetches + 1)
	})
}

func TestM9_AFetchWhoseFailureWasReportedBacksOffOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		got := w.guard(api)
		w.advance(2 * second)
		w.endpoint.set(func(e *endpoint) { e.hang = true })
		again := w.replace(got, api)
		w.endpoint.set(func(e *endpoint) { e.stuck = true })
		w.advance(10 * second) // the first attempt was cancelled at 5 s, the second is stuck: the round is over
		require.Error(t, again.failure())
		require.EqualValues(t, 1, w.m.Stats().BackedOff)
		w.advance(5 * second) // and is now given up
		require.EqualValues(t, 1, w.m.Stats().Abandoned)
		require.EqualValues(t, 1, w.m.Stats().BackedOff)
	})
}

func TestM13_ExpiredTokensDoNotLetAGuardedOriginThrough(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		c := w.replace(w.wait().got, api)
		w.endpoint.set(func(e *endpoint) {
			e.reply = func(n int) (*oauth2.Token, error) { return named("dead", w.clock.Now()), nil }
		})
		before := w.endpoint.count()
		for range 60 {
			w.advance(time.Second)
			w.replace(c.got, api)
		}
		// Behind a token that others use, each is a refresh that failed (M6): the origin that contests it waits for the
		// backoff.
		require.LessOrEqual(t, w.endpoint.count()-before, 8, "after 1, 2, 3, 5, 8, 14, 26 and 50 s")
		w.advance(hour)
	})
}

func TestM15_ALateSuccessInABackoffIsDroppedForGood(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		c := w.wait()
		w.advance(10 * second) // abandoned, and the round is over
		failed := c.failure()
		w.endpoint.release(1)
		w.advance(1)
		require.Same(t, failed, w.getErr())
		require.Error(t, w.m.Stats().LastError)
	})
}

func TestM15_ALateFailureIsNotTheLastError(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		w.wait()
		w.advance(10 * second)
		w.endpoint.set(func(e *endpoint) { e.stuck = false })
		w.advance(second)
		require.Equal(t, "t2", w.get())
		w.endpoint.fails(errDown)
		w.endpoint.release(1)
		w.advance(1)
		require.NoError(t, w.m.Stats().LastError)
	})
}

func TestM14_ALateTokenIsNotHandedOutAfterClose(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		w.wait()
		go w.m.Close()
		synctest.Wait()
		w.endpoint.release(1)
		w.advance(1)
		require.ErrorIs(t, w.getErr(), manager.ErrClosed)
		require.Zero(t, w.m.Stats().Published)
	})
}

func TestM9_ACallerThatBeginsToWaitDoesNotGetAnOlderFailure(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.hang = true
		old := w.wait()
		w.advance(10*second - 1)
		var late *caller
		// The deadline of the round and a Refresh in one step: the clock is moved under the owner's feet.
		w.skew(1)
		w.endpoint.set(func(e *endpoint) { e.hang = false })
		late = w.refresh()
		require.Error(t, old.failure())
		w.advance(second)
		require.NotEmpty(t, late.token())
	})
}

func TestM9_NoRoundStartsInItsOwnBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.set(func(e *endpoint) { e.hang = true })
		r := w.refresh()
		w.endpoint.set(func(e *endpoint) { e.stuck = true })
		w.advance(10 * second) // the round is over, and its second fetch still running
		require.Error(t, r.failure())
		require.ErrorIs(t, w.m.Invalidate(first.got, api), manager.ErrSuppressed)
		require.Equal(t, "t1", w.get())
	})
}

// Found by a world: the endpoint returns the contested value again. That ends the first round of the contest, so
// callers that name no origin are served from then on.
func TestM21_CallersWithoutAnOriginWaitForTheFirstRoundOnlyThoughTheValueComesAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 24*hour)
		first := w.wait()
		w.replace(first.got, api).wantToken("same")
		w.advance(second)
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		contesting := w.ask(func() (*manager.Token, error) { return w.m.TokenFor(context.Background(), api) })
		contesting.wantWaiting()
		w.wait().wantToken("same") // at once
		w.advance(second)
	})
}

// Found by the explorer: a caller that named no origin is served an idle token when the round of a contest fails. It is
// a reader, so the refresh that is overdue is made once the endpoint may be asked again.
func TestM21_ACallerServedAfterAFailedRoundIsAReader(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67500 * ms)
		w.advance(67500 * ms)
		require.True(t, w.m.Stats().Idle)
		w.endpoint.set(func(e *endpoint) { e.latency, e.fail = second, later{errDown, 5 * second} })
		require.NoError(t, w.m.InvalidateValue("t2", api))
		c := w.wait()
		c.wantWaiting()
		w.advance(second)
		c.wantToken("t2")
		w.wantFetches(3)
		w.advance(5 * second)
		w.wantFetches(4)
		w.advance(second)
	})
}
