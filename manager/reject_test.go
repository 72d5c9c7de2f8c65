package manager_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

const (
	api   = "https://api.example"
	other = "https://other.example"
)

// suppressedUntil is until when a rejection is, from the beginning.
func suppressedUntil(t *testing.T, err error) time.Duration {
	t.Helper()
	require.ErrorIs(t, err, manager.ErrSuppressed)
	var s *manager.SuppressedError
	require.ErrorAs(t, err, &s)
	return s.Until.Sub(time.Unix(0, 0))
}

// guard puts a guard on an origin whose caller reports no outcomes: it rejects two tokens in a row that were fetched
// for it. That takes a second and two fetches. The token in use afterwards is returned.
func (w *world) guard(origin string) *manager.Token {
	w.Helper()
	first := w.replace(w.wait().got, origin)
	first.token()
	second := w.replace(first.got, origin)
	second.wantWaiting() // a second apart
	w.advance(1 * time.Second)
	second.token()
	suppressed := w.replace(second.got, origin)
	require.ErrorIs(w, suppressed.failure(), manager.ErrSuppressed)
	return second.got
}

func TestM12_AThousandRejectionsOfOneTokenCostOneFetch(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.latency = second
		callers := make([]*caller, 1000)
		for i := range callers {
			callers[i] = w.replace(first.got, api)
		}
		bystander := w.wait()
		bystander.wantWaiting()
		w.advance(second)
		for _, c := range callers {
			c.wantToken("t2")
		}
		bystander.wantToken("t2")
		w.wantFetches(2)
		require.EqualValues(t, 1, w.m.Stats().Rejected)
		require.Equal(t, api, w.seen(manager.Rejected)[0].Origin)
	})
}

func TestM12_ALateRejectionOfAnOlderTokenCostsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		old := w.wait()
		require.NoError(t, w.m.Invalidate(old.got, api))
		require.Equal(t, "t2", w.get())
		for range 20 {
			w.replace(old.got, api).wantToken("t2")
			require.NoError(t, w.m.Invalidate(old.got, api))
			w.advance(50 * ms)
		}
		w.wantFetches(2)
	})
}

func TestM12_ARejectionDuringAFetchIsServedByIt(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.latency = second
		w.advance(67500 * ms) // the refresh is in flight
		c := w.replace(first.got, api)
		c.wantWaiting()
		w.wait().wantWaiting()
		w.advance(second)
		c.wantToken("t2")
		w.wantFetches(2)
	})
}

func TestM12_WhereNoFetchMayFollowTheTokenStays(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(permanent{errDown})
		w.advance(67500 * ms) // the refresh fails, for good so far
		require.Equal(t, 72500*ms, suppressedUntil(t, w.m.Invalidate(first.got, api)))
		require.Equal(t, 72500*ms, suppressedUntil(t, w.replace(first.got, api).failure()))
		require.Equal(t, "t1", w.get(), "it is all there is")
		w.wantFetches(2)
		require.EqualValues(t, 2, w.m.Stats().Suppressed)
	})
}

func TestM12_APermittedRejectionLiftsATransientBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(later{errDown, minute})
		w.advance(67500 * ms)
		w.wantFetches(2)
		w.endpoint.works()
		w.replace(first.got, api).wantToken("t3")
	})
}

func TestM12_AFailedFetchAfterARejectionLeavesNothingStale(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(errDown)
		c := w.replace(first.got, api)
		w.advance(300 * ms)
		require.ErrorIs(t, c.failure(), errDown)
		require.ErrorIs(t, w.waitFor(api).failure(), errDown)
		require.ErrorIs(t, w.replace(first.got, api).failure(), errDown)
		require.Equal(t, "t1", w.get(), "M21: all others keep the token")
		w.wantFetches(4)
	})
}

func TestM12_TokensAreNamedByValue(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		require.NoError(t, w.m.InvalidateValue("another", api))
		require.Equal(t, "t1", w.get())
		require.NoError(t, w.m.InvalidateValue("t1", api))
		require.Equal(t, "t2", w.get())
		require.NoError(t, w.m.Invalidate(nil, api))
		require.Equal(t, "t2", w.get())
	})
}

func TestM13_AnAPIThatAlwaysRejectsIsGuarded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		w.get()
		w.advance(minute)
		got := w.guard(api) // twice it may be right
		arrived, n := minute+second, 3
		for _, wait := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
			wait *= second
			require.Equal(t, arrived+wait, suppressedUntil(t, w.replace(got, api).failure()))
			require.Equal(t, got.Value(), w.get(), "the token stays")
			w.advance(wait - 1)
			if wait == 32*second {
				// Half of the allowance is left to paths that have accepted a token: it regains one a minute.
				more := suppressedUntil(t, w.replace(got, api).failure()) - arrived
				w.advance(more - wait + 1)
				wait = more
			} else {
				w.replace(got, api).failure()
				w.wantFetches(n)
				w.advance(1)
			}
			c := w.replace(got, api)
			n++
			c.wantToken(fmt.Sprint("t", n))
			got, arrived = c.got, arrived+wait
		}
	})
}

func TestM13_OthersAreServedWhileAGuardedOriginWaits(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		got := w.guard(api)
		w.advance(2 * second)
		w.endpoint.set(func(e *endpoint) { e.latency = 2 * second })
		again := w.replace(got, api)
		again.wantWaiting()
		require.Equal(t, "t3", w.get(), "served at once")
		w.waitFor(api).wantToken("t3") // a rejection under a guard contests nothing
		w.advance(2 * second)
		again.wantToken("t4")
		require.Equal(t, "t4", w.get())
	})
}

func TestM13_AFailingFetchForAGuardedOriginAffectsNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		got := w.guard(api)
		w.advance(2 * second)
		w.endpoint.fails(errDown)
		again := w.replace(got, api)
		w.advance(300 * ms)
		require.ErrorIs(t, again.failure(), errDown)
		require.Equal(t, "t3", w.get())
		suppressedUntil(t, w.replace(got, api).failure())
		require.Equal(t, "t3", w.get())
	})
}

func TestM13_AnotherOriginIsNotUnderTheGuard(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		got := w.guard(api)
		w.advance(second)
		w.replace(got, other).wantToken("t4")
	})
}

func TestM13_TwoOriginsThatAlternateEscalateBoth(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		c := w.wait()
		for range 600 {
			for _, who := range []string{api, other} {
				if next := w.replace(c.got, who); next.replied() && next.err == nil {
					c = next
				}
			}
			w.advance(second)
		}
		require.Less(t, w.endpoint.count(), 40, "in 10 minutes")
	})
}

func TestM13_FetchesForRejectionsStartASecondApart(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		c := w.wait()
		c = w.replace(c.got, api)
		c.wantToken("t2")
		sooner := w.replace(c.got, other)
		sooner.wantWaiting() // it is entitled to a fetch, and waits for it
		w.advance(second - 1)
		sooner.wantWaiting()
		w.advance(1)
		sooner.wantToken("t3")
		w.advance(second)
		w.replace(sooner.got, "https://third.example").wantToken("t4")
		w.wantFetchAt(3, second)
		w.wantFetchAt(4, 2*second)
	})
}

func TestM13_TheVeryValueThatWasRejectedCountsAsARejection(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 24*hour)
		first := w.wait()
		again := w.replace(first.got, api)
		again.wantToken("same")
		require.True(t, again.got.Same(first.got))
		require.Equal(t, first.got.ID(), again.got.ID())
		w.wantFetches(2)
		once := w.waitFor(api)
		once.wantWaiting() // the contested value does not end the contest (M21)
		w.advance(second)
		once.wantToken("same")
		w.wantFetches(3)
		require.Equal(t, 3*second, suppressedUntil(t, w.replace(again.got, api).failure()))
		w.waitFor(api).wantToken("same") // behind the guard, the origin gets it all the same
		w.advance(2 * second)
		w.replace(again.got, api).wantToken("same")
		w.wantFetches(4)
	})
}

func TestM13_AMinuteWithoutA401EndsTheGuard(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		c := w.wait()
		for range 3 {
			c = w.replace(c.got, api)
			c.wantToken(c.got.Value())
			w.advance(minute + 1) // a minute without a 401: the next rejection counts as a revocation
		}
		w.endpoint.latency = second
		w.replace(c.got, api).wantWaiting()
		w.wait().wantWaiting()
		w.wantFetches(5)
		w.advance(second)
	})
}

func TestM13_ARefreshedTokenMayBeRejectedAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 20 * second
		c := w.replace(w.wait().got, api)
		c.wantToken("t2")
		w.accepts(c.got, api, true)
		w.advance(13500 * ms) // t2 served its time, t3 came at the refresh time
		require.Equal(t, "t3", w.get())
		w.replace(w.wait().got, api).wantToken("t4")
	})
}

func TestM13_AtMost64OriginsAreRemembered(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		name := func(n int) string { return fmt.Sprint("https://api", n) }
		// The first is guarded. 63 more that reject something leave room for it, one more does not.
		got := w.guard(name(0))
		for n := range 63 {
			c := w.replace(got, name(n+1))
			w.advance(second)
			got = w.current(c)
			if n%10 == 0 {
				w.replace(got, name(0)) // it is not quiet
				w.advance(10 * ms)
				got = w.current(nil)
			}
		}
		require.EqualValues(t, 1, w.m.Stats().Guarded)
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.replace(got, name(64))
		w.advance(3 * second)
		for n := range 64 { // all of them reject something now, and the guarded one is the quietest
			w.replace(w.current(nil), name(n+100))
			w.advance(3 * second)
		}
		w.replace(w.current(nil), name(0)).wantWaiting() // forgotten: it is believed again
		w.waitFor(name(0)).wantWaiting()
		w.advance(3 * second)
	})
}

// current is the token that a caller may send now.
func (w *world) current(c *caller) *manager.Token {
	w.Helper()
	if c != nil && c.replied() && c.err == nil {
		return c.got
	}
	token := w.waitFor("https://bystander.example")
	require.NotEmpty(w, token.token())
	return token.got
}

func TestM13_TheGuardRemembersAPersistentOriginForAMinute(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		w.guard(api)        // guarded from here on
		w.refresh().token() // by hand: fetched for no rejection
		w.advance(59 * second)
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.replace(w.wait().got, api)
		require.NotEmpty(t, w.get(), "still guarded: the others are served")
		w.advance(second)
		w.endpoint.set(func(e *endpoint) { e.latency = 0 })
		w.refresh().token()
		w.advance(minute + second)
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.replace(w.wait().got, api).wantWaiting()
		w.waitFor(api).wantWaiting() // forgotten: it is believed, and the token withdrawn from it
		w.advance(second)
	})
}

func TestM12_ARejectionBetweenTwoAttemptsIsServedByTheRound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(errDown)
		r := w.refresh()
		w.wantFetches(2)
		w.endpoint.works()
		c := w.replace(first.got, api)
		c.wantWaiting()
		w.advance(100 * ms)
		r.wantToken("t3")
		c.wantToken("t3")
		w.wantFetches(3)
	})
}

func TestM12_ARejectionThatMayCauseNoFetchStillJoinsOne(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		got := w.guard(api) // under the guard, and within the wait
		w.endpoint.set(func(e *endpoint) { e.latency = 100 * ms })
		r := w.refresh()
		again := w.replace(got, api)
		again.wantWaiting()
		w.advance(100 * ms)
		r.wantToken("t4")
		again.wantToken("t4")
		w.wantFetches(4)
	})
}

func TestM12_WithThreeAbandonedTheTokenStays(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		c := w.wait()
		w.endpoint.set(func(e *endpoint) { e.stuck = true })
		for range 3 {
			w.refresh()
			w.advance(30 * second)
		}
		require.Equal(t, 3, w.m.Stats().AbandonedNow)
		err := w.m.Invalidate(c.got, api)
		require.ErrorIs(t, err, manager.ErrSuppressed)
		require.ErrorContains(t, err, "no fetch may start now")
		require.Equal(t, "t1", w.get())
	}, withPolicy(manager.Policy{Attempts: 1}))
}

func TestM13_AlwaysRejectingOverShortLivesNeitherDrainsNorStarves(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 5 * second
		w.endpoint.latency = 100 * ms
		c := w.wait()
		w.advance(100 * ms)
		starved := 0
		for range 600 { // a minute
			if bad := w.replace(w.currentOr(c.got), api); bad.replied() && bad.err == nil {
				c = bad
			}
			if good := w.waitFor(other); !good.replied() {
				starved++ // by an expiry: a rejection by another origin is no reason (M21)
			}
			w.advance(100 * ms)
		}
		require.LessOrEqual(t, w.endpoint.count(), 26, "about one per refresh time")
		require.LessOrEqual(t, starved, 2)
	})
}

// currentOr is the token a caller would send now.
func (w *world) currentOr(t *manager.Token) *manager.Token {
	if c := w.waitFor(api); c.replied() && c.err == nil {
		return c.got
	}
	return t
}
