package manager_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestM1_StartsWithoutATokenAndFetchesForTheFirstCaller(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.wantFetches(0)
		require.False(t, w.m.Stats().Ready)
		require.Equal(t, "t1", w.get())
		require.Equal(t, "t1", w.get())
		w.wantFetches(1)
		require.True(t, w.m.Stats().Ready)
	})
}

func TestM1_ReadingAllocatesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		ctx := t.Context()
		require.Zero(t, testing.AllocsPerRun(100, func() { w.m.Token(ctx) }))
	})
}

func TestM1_TokensAreImmutable(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.wait()
		c.got.OAuth2().AccessToken = "changed"
		require.Equal(t, "t1", w.get())
		require.Equal(t, "Bearer t1", c.got.Authorization())
		require.Equal(t, "Bearer", c.got.OAuth2().Type())
	})
}

func TestM2_NotHandedOutFromTheEffectiveExpiryOn(t *testing.T) {
	for _, c := range []struct {
		lifetime, usable, margin time.Duration
	}{
		{hour, hour - 10*second, 0},
		{60 * second, 54 * second, 0},
		{10 * second, 9 * second, 0},
		{hour, hour - minute, minute},
		{60 * second, 30 * second, minute}, // a configured margin is capped at half the lifetime
	} {
		t.Run(fmt.Sprint(c.lifetime, c.margin), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.endpoint.lifetime = c.lifetime
				w.get()
				w.endpoint.fails(errDown)
				w.advance(c.usable - 1)
				require.Equal(t, "t1", w.get())
				w.advance(1)
				w.wait().wantWaiting()
				w.advance(20 * second)
			}, withPolicy(manager.Policy{Margin: c.margin}))
		})
	}
}

func TestM2_HoldsAfterTheMachineSlept(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.skew(2 * minute) // timers do not see it
		w.wait().wantToken("t2")
		w.wantFetches(2)
	})
}

func TestM2_HoldsAfterTheClockWasSteppedBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(80 * second) // refreshed at 67.5 s: t2 is usable until 157.5 s
		require.Equal(t, "t2", w.get())
		w.skew(-hour)
		require.Equal(t, "t2", w.get())
		w.endpoint.fails(errDown)
		w.advance(77 * second)
		require.Equal(t, "t2", w.get())
		w.advance(1 * second) // whatever the clock reads, the timer set at the publication has fired
		c := w.wait()
		w.advance(20 * second)
		require.ErrorIs(t, c.failure(), errDown)
	})
}

func TestM2_AResponseThatTheClockHasOvertakenIsExpired(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency, w.endpoint.lifetime = second, 3*second
		c := w.wait()
		w.skew(3 * second) // the machine slept during the fetch
		w.advance(second)
		c.wantToken("t1")
		require.False(t, w.m.Stats().Ready)
	})
}

func TestM2_ABackoffDoesNotGrowWhenTheClockIsSteppedBack(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		w.advance(2 * second)
		c.failure()
		w.endpoint.works()
		w.skew(-hour)
		w.get()
	})
}

func TestM7_NoLifetimeGivenMeansFiveMinutes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.reply = respondWith(time.Time{})
		c := w.wait()
		require.Equal(t, 5*minute, c.got.Expiry().Sub(time.Unix(0, 0)))
		require.Equal(t, 5*minute, c.got.OAuth2().Expiry.Sub(time.Unix(0, 0)))
		require.Equal(t, 290*second, w.m.Stats().EffectiveExpiry.Sub(time.Unix(0, 0)))
	})
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.reply = respondWith(time.Time{})
		require.Equal(t, hour, w.wait().got.Expiry().Sub(time.Unix(0, 0)))
	}, withPolicy(manager.Policy{DefaultLifetime: hour}))
}

func TestM7_AbsurdLifetimesAreClampedToAYear(t *testing.T) {
	for _, expiry := range []time.Time{
		time.Unix(1<<60, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), time.Unix(0, 0).AddDate(2, 0, 0),
	} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.reply = respondWith(expiry)
			require.Equal(t, 365*24*hour, w.wait().got.Expiry().Sub(time.Unix(0, 0)))
		})
	}
}

func TestM17_EveryDeadlineIsHandledBeforeTheReply(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67*second + 499*ms)
		w.wantFetches(1)
		// The clock is moved while its timers are kept from firing: the next message finds what has passed.
		w.advance(1 * ms)
		require.EqualValues(t, 2, w.m.Stats().Fetches)
	})
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.skew(70 * second)
		synctest.Wait()
		w.wantFetches(1)
		require.EqualValues(t, 2, w.m.Stats().Fetches, "asking is enough")
	})
}

func TestM17_NothingHappensUntilTheClockMoves(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		time.Sleep(24 * hour) // of the bubble's time, which is not the manager's
		c.wantWaiting()
		w.wantFetches(1)
		w.advance(second)
		c.failure()
	})
}
