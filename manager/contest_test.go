package manager_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

// API A introspects at an identity provider that is down, B verifies signatures: B is served throughout and never
// waits.
func TestM21_OneAPITakesTheTokenFromNoOther(t *testing.T) {
	for name, outage := range map[string]func(e *endpoint){
		"down":                 func(e *endpoint) { e.fail = errDown },
		"429, Retry-After 300": func(e *endpoint) { e.fail = later{errDown, 300 * second} },
		"hanging":              func(e *endpoint) { e.hang = true },
		"denying":              func(e *endpoint) { e.fail = permanent{errDown} },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.endpoint.lifetime = hour
				first := w.wait()
				w.endpoint.set(outage)
				a := w.replace(first.got, api)
				for range 150 { // 15 s
					b := w.waitFor(other + "/v1/items")
					b.wantToken("t1")
					require.Zero(t, b.after)
					require.Nil(t, w.m.Current(), "contested: ask for whom")
					w.advance(100 * ms)
				}
				require.Error(t, a.failure())
				require.Error(t, w.currentError(api), "its requests fail with the token error, unsent")
				w.waitFor(other).wantToken("t1")
				require.Equal(t, "t1", w.get(), "unnamed callers wait in the first round only")
				w.endpoint.set(func(e *endpoint) { e.fail, e.hang = nil, false })
				w.advance(5 * minute)
				w.waitFor(api).token()
				w.advance(second)
				require.NotEqual(t, "t1", w.waitFor(api).token())
				require.Equal(t, w.waitFor(api).token(), w.waitFor(other).token())
				require.NotNil(t, w.m.Current())
			})
		})
	}
}

// currentError is what a caller gets that waits for an origin's round.
func (w *world) currentError(origin string) error {
	c := w.waitFor(origin)
	w.advance(10 * second)
	return c.failure()
}

func TestM21_UnnamedCallersWaitInTheFirstRoundAndKeepTheTokenIfItFails(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(errDown)
		w.replace(first.got, api)
		unnamed := w.wait()
		unnamed.wantWaiting()
		w.advance(300 * ms)
		unnamed.wantToken("t1")
		require.Equal(t, "t1", w.get())
	})
}

// A caller that waits for the round of a contest, because the one that rejected the token named no origin, may be of an
// origin that rejects the token while it waits: it fails with the round then.
func TestM21_ACallerThatWaitsIsNotServedTheTokenThatItsOriginRejected(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(errDown)
		w.replace(first.got, "")
		waits, free, unnamed := w.waitFor(api), w.waitFor(other), w.wait()
		waits.wantWaiting()
		w.replace(first.got, api)
		w.advance(300 * ms)
		require.Error(t, waits.failure())
		free.wantToken("t1")
		unnamed.wantToken("t1")
	})
}

func TestM21_ANewerTokenEndsTheContestWhateverItsSource(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(errDown)
		w.replace(first.got, api)
		w.advance(300 * ms)
		require.Error(t, w.waitFor(api).failure())
		w.endpoint.works()
		w.refresh().token()
		require.Equal(t, w.get(), w.waitFor(api).token())
	})
}

func TestM21_AnotherOriginsRejectionIsSuppressedDuringTheBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(errDown)
		w.replace(first.got, api)
		w.advance(300 * ms)
		suppressedUntil(t, w.replace(first.got, other).failure())
		w.waitFor(other).wantToken("t1")
	})
}

func TestM21_TheLossOfTheTokenLiftsTheBackoffOnceExceptForAHold(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		lifted bool
	}{
		"transient": {errDown, true},
		"a hold":    {later{errDown, minute}, false},
		"permanent": {permanent{errDown}, false},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				w.endpoint.lifetime = 10 * second
				first := w.wait()                                      // usable for 9 s
				w.endpoint.set(func(e *endpoint) { e.latency = hour }) // the refresh in the background hangs
				w.advance(8500 * ms)
				w.endpoint.set(func(e *endpoint) { e.latency, e.fail = 0, c.err })
				w.replace(first.got, api)
				w.advance(3500*ms - 3001*ms)
				require.Error(t, w.waitFor(api).failure())
				w.waitFor(other).wantToken("t1")
				fetches := w.endpoint.count()
				w.advance(2 * ms) // the effective expiry
				late := w.waitFor(other)
				if c.lifted {
					late.wantWaiting()
					w.wantFetches(fetches + 1)
					w.advance(300 * ms)
				}
				require.Error(t, late.failure())
				fetches = w.endpoint.count()
				require.Error(t, w.waitFor(other).failure(), "once")
				w.wantFetches(fetches)
			}, withPolicy(manager.Policy{
				MinBackoff: 30 * second, MaxBackoff: 30 * second, RefreshFraction: 1, AttemptTimeout: 2 * second,
			}))
		})
	}
}

func TestM21_AtMost64OriginsContest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		for n := range 64 {
			w.replace(first.got, fmt.Sprint("https://api", n)).wantWaiting()
		}
		require.ErrorIs(t, w.replace(first.got, "https://api64").failure(), manager.ErrSuppressed)
		w.waitFor("https://api64").wantToken("t1")
		w.waitFor("https://api63").wantWaiting()
		w.advance(second)
		w.waitFor("https://api63").wantToken("t2")
	})
}

func TestM21_TheOtherOriginsReadWithoutAllocating(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		w.replace(first.got, api)
		ctx := context.Background()
		require.Zero(t, testing.AllocsPerRun(100, func() { w.m.TokenFor(ctx, other+"/v1/items/7") }))
		w.advance(second)
		require.Zero(t, testing.AllocsPerRun(100, func() { w.m.Current() }))
		require.Zero(t, testing.AllocsPerRun(100, func() { w.m.TokenFor(ctx, other) }))
		require.Zero(t, testing.AllocsPerRun(100, func() { w.m.ObservesOutcomes() }))
	})
}

// Everything is revoked while a refresh is in flight: the requests in flight keep their 401, and every later call gets
// a token after a second and a fetch at most.
func TestM13_ARefreshAndARevocationCross(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = second
		first := w.wait()
		w.advance(second)
		w.advance(67500*ms - second) // the refresh is in flight
		var crossed []*caller
		for range 100 {
			crossed = append(crossed, w.replace(first.got, api))
		}
		w.advance(second)
		for _, c := range crossed {
			c.wantToken("t2")
			w.rejects(c.got, api) // it was revoked as well
		}
		later := w.replace(crossed[0].got, api)
		w.advance(2 * second)
		later.wantToken("t3")
		require.LessOrEqual(t, later.after, 2*second)
	})
}

func TestM13_EveryFiveSecondsARevocation(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = hour
		got := w.wait().got
		for n := range 100 {
			c := w.replace(got, api+"/v1/things/7")
			c.wantToken(fmt.Sprint("t", n+2))
			got = c.got
			require.True(t, w.m.ObservesOutcomes(), "the first outcome is wanted")
			w.accepts(got, api+"/v1/things/7", true)
			w.advance(5 * second)
			require.False(t, w.m.ObservesOutcomes())
		}
		require.Zero(t, w.m.Stats().Suppressed)
		require.Zero(t, w.m.Stats().Guarded)
		named := w.seen(manager.OneActiveToken)
		require.Len(t, named, 1, "once an hour")
		require.Equal(t, api, named[0].Origin)
		require.Contains(t, named[0].Remedy, "store")
	})
}

// A path that lacks a permission, polled twice a second, and a real revocation: the paths that accept are not affected.
func TestM13_AMissingPermissionAndARealRevocation(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		admin, items := api+"/admin", api+"/items/"
		poll := func() { // the admin's request, its retry and the outcome of that
			token := w.waitFor(admin).got
			if c := w.replace(token, admin); c.replied() && c.err == nil && !c.got.Same(token) {
				w.rejects(c.got, admin)
			}
		}
		got := w.wait()
		for n := range 1200 { // ten minutes
			poll()
			w.advance(500 * ms)
			got = w.waitFor(fmt.Sprint(items, n))
			if w.m.ObservesOutcomes() {
				w.accepts(got.got, fmt.Sprint(items, n), false)
			}
		}
		require.LessOrEqual(t, w.endpoint.count(), 18)
		before := w.endpoint.count()
		refreshed := w.replace(got.got, items+"1") // revoked
		w.advance(second)
		require.NotEqual(t, got.token(), refreshed.token())
		require.Equal(t, before+1, w.endpoint.count())
		require.EqualValues(t, 1, w.m.Stats().Guarded)
		require.Less(t, len(w.seen(manager.Suppressed)), 100, "reported once in each wait, not once per request")
		require.Greater(t, w.m.Stats().Suppressed, uint64(900))
	})
}

func TestM20_TokenValidFor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		valid := func(min time.Duration) *caller {
			return w.ask(func() (*manager.Token, error) { return w.m.TokenValidFor(context.Background(), min) })
		}
		require.Equal(t, "t1", w.get()) // usable for 90 s
		valid(90 * second).wantToken("t1")
		w.advance(60 * second)
		valid(30 * second).wantToken("t1")
		valid(31 * second).wantToken("t2")
		valid(90 * second).wantToken("t2")
		require.ErrorIs(t, valid(91*second).failure(), manager.ErrTooShort)
		w.wantFetches(2)
		w.advance(500 * ms)
		soon := valid(90 * second)
		soon.wantWaiting() // at most one fetch a second
		w.advance(500 * ms)
		soon.wantToken("t3")
		w.endpoint.fails(errDown)
		w.advance(10 * second)
		failed := valid(90 * second)
		w.advance(300 * ms)
		require.ErrorIs(t, failed.failure(), errDown)
		require.ErrorIs(t, valid(90*second).failure(), errDown, "at once, in the backoff")
		valid(70 * second).wantToken("t3")
	})
}
