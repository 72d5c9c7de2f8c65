package manager_test

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func respondWith(expiry time.Time) func(int) (*oauth2.Token, error) {
	return func(n int) (*oauth2.Token, error) { return named(fmt.Sprint("t", n), expiry), nil }
}

func TestM4_RefreshesAheadAndNoCallerWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67*second + 499*ms)
		w.wantFetches(1)
		w.endpoint.set(func(e *endpoint) { e.latency = 2 * second })
		w.advance(1 * ms)
		w.wantFetches(2)
		require.Equal(t, "t1", w.get(), "the current token is handed out while its successor is fetched")
		w.advance(2 * second)
		require.Equal(t, "t2", w.get())
	})
}

func TestM4_RefreshTimeIsJittered(t *testing.T) {
	for draw, refreshTime := range map[float64]time.Duration{0: 58500 * ms, 0.5: 67500 * ms, 1: 76500 * ms} {
		inWorld(t, func(t *testing.T, w *world) {
			w.get()
			require.Equal(t, refreshTime, w.m.Stats().RefreshTime.Sub(time.Unix(0, 0)))
		}, withRand(func() float64 { return draw }))
	}
}

func TestM4_RefreshTimeHonoursRefreshIn(t *testing.T) {
	for refreshIn, refreshTime := range map[any]time.Duration{
		60:            60 * second,
		float64(60):   60 * second,
		"60":          60 * second,
		int64(10):     45 * second, // no earlier than half the usable life
		1000:          90 * second, // no later than the effective expiry
		"nonsense":    67500 * ms,
		-5:            67500 * ms,
		float64(1e30): 90 * second,
	} {
		t.Run(fmt.Sprint(refreshIn), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.endpoint.reply = func(int) (*oauth2.Token, error) {
					return named("t", time.Unix(100, 0)).WithExtra(map[string]any{"refresh_in": refreshIn}), nil
				}
				w.get()
				require.Equal(t, refreshTime, w.m.Stats().RefreshTime.Sub(time.Unix(0, 0)))
			})
		})
	}
}

func TestM4_AnEndpointsAdviceIsJitteredToo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.reply = func(int) (*oauth2.Token, error) {
			return named("t", time.Unix(100, 0)).WithExtra(map[string]any{"refresh_in": 60}), nil
		}
		w.get()
		require.Equal(t, 51*second, w.m.Stats().RefreshTime.Sub(time.Unix(0, 0)), "a tenth of the usable life earlier")
	}, withRand(func() float64 { return 0 }))
}

func TestM6_TheCurrentValueExpiredOnArrivalIsWithdrawn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 100*second)
		w.get()
		w.endpoint.repeatedly("same", 0) // the endpoint says that it has ended
		w.advance(67500 * ms)
		w.wantFetches(2)
		require.False(t, w.m.Stats().Ready)
	})
}

func TestM6_AnExpiredTokenEndsTheBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		w.advance(second)
		c.failure()
		w.endpoint.set(func(e *endpoint) { e.fail, e.lifetime = nil, 0 })
		w.get()
		require.True(t, w.m.Stats().NextAttempt.IsZero())
		require.NoError(t, w.m.Stats().LastError)
		w.advance(second)
	})
}

func TestM16_TheOwnerGetsOneRefreshHint(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(later{errDown, hour})
		w.advance(67500 * ms) // refreshTime, and no retry for an hour
		w.get()
		synctest.Wait()
		steps := w.clockReads.Load()
		for range 50 {
			w.m.Token(t.Context())
		}
		synctest.Wait()
		require.EqualValues(t, 50, w.clockReads.Load()-steps, "one for each reader, none by the owner")
	}, func(w *world) { w.config.Clock = counted{w.clock, &w.clockReads} })
}

// counted is a clock that counts how often it is read.
type counted struct {
	clock.Clock
	reads *atomic.Int64
}

func (c counted) Now() time.Time { c.reads.Add(1); return c.Clock.Now() }

func TestM4_RefreshTimeLeavesRoomForTwiceTheLastFetch(t *testing.T) {
	for latency, refreshTime := range map[time.Duration]time.Duration{
		second:      67500 * ms,
		15 * second: 60 * second,
		30 * second: 45 * second, // half the usable life wins
	} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.latency = latency
			c := w.wait()
			w.advance(latency)
			c.wantToken("t1")
			require.Equal(t, refreshTime, w.m.Stats().RefreshTime.Sub(time.Unix(0, 0)))
			require.Equal(t, 90*second, w.m.Stats().EffectiveExpiry.Sub(time.Unix(0, 0)), "counted from the start of the request")
		}, withPolicy(manager.Policy{AttemptTimeout: minute, RoundTimeout: minute}))
	}
}

func TestM5_ShortLifetimesCostOneFetchPerRefreshTime(t *testing.T) {
	for _, life := range []time.Duration{second, 5 * second, 10 * second} {
		t.Run(life.String(), func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.endpoint.lifetime = life
				w.get()
				refreshTime := time.Duration(float64(life) * 0.9 * 0.75)
				for range 20 {
					for range 50 {
						w.get()
					}
					w.advance(refreshTime)
				}
				w.wantFetches(21)
				require.EqualValues(t, 20, w.m.Stats().FetchesBy[manager.CauseRefresh])
			})
		})
	}
}

func TestM5_ARepeatedValueKeepsItsIdentity(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 100*second)
		first := w.wait()
		first.wantToken("same")
		w.advance(67500 * ms) // brings it again, with 32.5 s to live: its effective expiry is 96.75 s
		w.wantFetches(2)
		again := w.wait()
		require.Equal(t, first.got.ID(), again.got.ID())

		w.advance(96750*ms - 67500*ms - 1)
		w.wantFetches(2)
		w.advance(1) // the next refresh waits for the effective expiry
		w.wantFetches(3)
		for range 40 { // from there to the expiry it is handed out, and refreshed once a second at most
			require.Equal(t, "same", w.get())
			w.advance(80 * ms)
		}
		w.wantFetches(4)
		w.wantFetchAt(4, 99*second) // not in the last second either
		w.endpoint.set(func(e *endpoint) { e.reply = nil })
		w.advance(50 * ms) // 100 s: expired
		require.Equal(t, "t5", w.get())
	})
}

func TestM5_ARepeatedValueUpdatesItsExpiry(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 100*second)
		w.get()
		w.endpoint.repeatedly("same", 200*second)
		w.advance(67500 * ms)
		w.wantFetches(2)
		c := w.wait()
		require.EqualValues(t, 1, c.got.ID())
		require.Equal(t, 200*second, c.got.Expiry().Sub(time.Unix(0, 0)))
		w.advance(100 * second)
		require.Equal(t, "same", w.get())
		w.wantFetches(2)
	})
}

func TestM5_FailingRefreshesOfARepeatedValueKeepToTheSecond(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 100*second)
		w.get()
		w.advance(67500 * ms)
		w.get()
		w.endpoint.set(func(e *endpoint) {
			e.reply = func(int) (*oauth2.Token, error) { return nil, errDown }
		})
		w.advance(96750*ms - 67500*ms)
		w.wantFetches(3)
		w.advance(999 * ms)
		w.wantFetches(3)
		w.advance(1 * ms)
		w.wantFetches(4)
	})
}

func TestM5_LivesBelowASecondDoNotBecomeALoop(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 50 * ms
		for range 500 { // 10 s
			w.wait()
			w.advance(20 * ms)
		}
		require.LessOrEqual(t, w.endpoint.count(), 11)
		w.advance(second)
	})
}

func TestM6_ExpiredOnArrivalServesThoseWhoWaitedAndNoLaterCaller(t *testing.T) {
	for name, life := range map[string]time.Duration{"zero": 0, "negative": -minute} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.endpoint.lifetime, w.endpoint.latency = life, 100*ms
				first, second := w.wait(), w.wait()
				w.advance(100 * ms)
				first.wantToken("t1")
				second.wantToken("t1")
				require.False(t, w.m.Stats().Ready)

				// Who comes now waits for the next one, together, and it starts a second after the last.
				early := w.wait()
				w.advance(500 * ms)
				late := w.wait()
				w.wantFetches(1)
				w.advance(399 * ms)
				w.wantFetches(1)
				w.advance(1 * ms)
				w.wantFetchAt(2, 1000*ms)
				w.advance(100 * ms)
				early.wantToken("t2")
				late.wantToken("t2")
				w.wantFetches(2)
			})
		})
	}
}

func TestM6_AResponseSlowerThanTheLifetime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime, w.endpoint.latency = 2*second, 3*second
		c := w.wait()
		w.advance(3 * second)
		c.wantToken("t1")
		require.EqualValues(t, 1, w.m.Stats().ExpiredOnArrival)
		next := w.wait()
		w.wantFetches(2) // a second has long passed
		w.advance(3 * second)
		next.wantToken("t2")
	})
}

func TestM6_NoCallerWaitsNoFetch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 0
		w.get()
		w.advance(hour)
		w.wantFetches(1)
	})
}

func TestM6_ARefreshThatBringsAnExpiredTokenKeepsTheCurrentOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.set(func(e *endpoint) { e.lifetime = 0 })
		w.advance(67500 * ms)
		w.wantFetches(2)
		require.Equal(t, "t1", w.get())
		w.advance(20 * second)
		require.Equal(t, "t1", w.get())
		require.LessOrEqual(t, w.endpoint.count(), 8, "it is tried again on a backoff")
	})
}

func TestM16_ATokenThatIsNotReadIsNotRefreshed(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67500 * ms) // in use: refreshed
		w.wantFetches(2)
		w.advance(67500 * ms) // t2 was never read
		w.wantFetches(2)
		require.True(t, w.m.Stats().Idle)
		require.Len(t, w.seen(manager.Idle), 1)
		w.advance(hour)
		w.wantFetches(2)
		require.False(t, w.m.Stats().Ready)
	})
}

func TestM16_AReaderWakesTheIdleManager(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67500 * ms)
		w.advance(70 * second)
		require.True(t, w.m.Stats().Idle)
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		for range 100 {
			require.Equal(t, "t2", w.get(), "served at once")
		}
		w.wantFetches(3)
		w.advance(second)
		require.Equal(t, "t3", w.get())
		w.wantFetches(3)
	})
}

func TestM16_IdleCostsOneTimer(t *testing.T) {
	inManagersWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.advance(67500 * ms)
		w.advance(67500 * ms)
		require.True(t, w.m.Stats().Idle)
		// All timers there are, run out: the one for the effective expiry, and then nothing.
		w.clock.WaitForAllTimers()
		require.Equal(t, 157500*ms, w.clock.Now().Sub(time.Unix(0, 0)))
	})
}

func TestM4_ARandomSourceIsInjectable(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 2))
	inWorld(t, func(t *testing.T, w *world) {
		seen := map[time.Duration]bool{}
		for range 20 {
			w.refresh()
			refreshTime := w.m.Stats().RefreshTime.Sub(w.clock.Now())
			require.GreaterOrEqual(t, refreshTime, 58500*ms)
			require.LessOrEqual(t, refreshTime, 76500*ms)
			seen[refreshTime] = true
			w.advance(second)
		}
		require.Greater(t, len(seen), 15)
	}, withRand(source.Float64))
}
