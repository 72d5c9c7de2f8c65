package manager_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestW2_AWatchedTokenIsRefreshedAheadAndNeverIdle(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		for n := 2; n <= 10; n++ {
			w.advance(67500 * ms)
			w.wantFetches(n)
			require.Len(t, v.got, n)
		}
		require.Empty(t, w.seen(manager.Idle))
		v.stop()
		v.wantEnded()
		w.advance(10 * minute)
		require.Len(t, w.seen(manager.Idle), 1, "no one watches or reads")
		w.wantFetches(10)
	})
}

// An idle token is refreshed when a watcher joins.
func TestW2_AWatcherWakesAnIdleToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.refresh()
		w.get()
		w.advance(minute + 8*second) // t3, which no caller reads
		w.advance(minute + 8*second)
		require.Len(t, w.seen(manager.Idle), 1)
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		v := w.watch()
		v.want("t3")
		w.wantFetches(4)
		w.advance(second)
		v.want("t3", "t4")
	})
}

// outage is three hours in which the endpoint fails, for a token that only watchers use.
func outage(t *testing.T, err error, most int, recovery time.Duration, options ...func(*world)) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		w.endpoint.fails(err)
		w.advance(91 * second) // refreshes fail until the token is lost
		v.want("t1", "!")
		before := w.endpoint.count()
		w.advance(3 * hour)
		v.want("t1", "!")
		during := w.endpoint.count() - before
		require.LessOrEqual(t, during, most)
		require.GreaterOrEqual(t, during, most/3, "the manager gives up")
		w.endpoint.works()
		w.advance(recovery)
		require.Len(t, v.got, 3)
		require.NotEqual(t, "!", v.got[2])
		require.Equal(t, 1, w.endpoint.most)
	}, options...)
}

// One attempt after each backoff: at least 5 s apart (M9), at least a minute after permanent failures (M10). A loop of
// a user's own made 3,190 requests in the same three hours, and without a caller there were none at all.
func TestW2_ALostTokenIsFetchedAgainUnderTheBackoffs(t *testing.T) {
	outage(t, errDown, 3*3600/5+3, 10*second)
	outage(t, errDown, 3*3600/5+3, 10*second, withRand(rand.New(rand.NewPCG(1, 2)).Float64))
	outage(t, permanent{errDown}, 3*60+3, minute)
	outage(t, later{errDown, 5 * minute}, 3*12+1, 5*minute)
}

// The first round after the loss has all its attempts, as for a caller; those after it have one.
func TestW2_TheFirstRoundIsAWholeOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		v := w.watch()
		w.advance(300 * ms)
		w.wantFetches(3)
		v.want("!")
		w.advance(375 * ms)
		w.wantFetches(4)
		w.advance(700 * ms)
		w.wantFetches(4)
		w.advance(50 * ms)
		w.wantFetches(5)
	})
}

// Callers get what they get without watchers: the attempts of a round of their own.
func TestW2_ACallerThatJoinsGetsAWholeRound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		v := w.watch()
		w.advance(300 * ms)
		v.want("!")
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.advance(375 * ms) // an attempt for the watcher begins
		w.wantFetches(4)
		c := w.wait()
		w.advance(second)
		c.wantWaiting()
		w.advance(100 * ms)
		w.wantFetches(5)
		w.advance(second + 200*ms)
		w.wantFetches(6)
		w.advance(second)
		require.ErrorIs(t, c.failure(), errDown)
		v.want("!")
	})
}

// With no watcher left, nothing is fetched without a caller.
func TestW2_AttemptsEndWithTheLastWatcher(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		a, b := w.watch(), w.watch()
		w.advance(minute)
		before := w.endpoint.count()
		a.stop()
		w.advance(minute)
		require.Greater(t, w.endpoint.count(), before)
		b.stop()
		w.advance(second)
		before = w.endpoint.count()
		w.advance(hour)
		require.Equal(t, before, w.endpoint.count())
	})
}

// An endpoint whose tokens are expired on arrival is not asked once a second without end, and callers get those tokens
// as they do without watchers (M6).
func TestW2_TokensThatAreExpiredOnArrival(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 0
		v := w.watch()
		v.want("!")
		w.advance(hour)
		v.want("!")
		require.Less(t, w.endpoint.count(), 3600/5+5)
		c := w.wait()
		require.True(t, c.replied())
		require.NoError(t, c.err)
		w.endpoint.set(func(e *endpoint) { e.lifetime = hour })
		w.advance(10 * second)
		require.Len(t, v.got, 2)
	})
}

// Timers stand still while a machine sleeps, and no reader comes to notice: the owner looks itself.
func TestW2_AWatchedTokenIsRefreshedSoonAfterTheMachineSlept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.clock = w.config.Clock
		w.endpoint.lifetime = hour
		v := w.watch()
		w.advance(minute)
		w.skew(50 * minute)
		w.advance(minute)
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Equal(t, []string{"t1", "t2"}, v.got)
	})
}
