package manager_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// watcher is a goroutine that loops over a token's successors and notes what it is given.
type watcher struct {
	*world
	stop context.CancelFunc
	done chan struct{}

	mu    sync.Mutex
	got   []string // values, and "!" for an error
	errs  []error
	last  *manager.Token
	pause chan struct{} // if set, the loop body waits for it
}

func (w *world) watch() *watcher {
	v := w.watchPausing(nil)
	synctest.Wait()
	return v
}

func (w *world) watchPausing(pause chan struct{}) *watcher {
	ctx, stop := context.WithCancel(context.Background())
	v := &watcher{world: w, stop: stop, done: make(chan struct{}), pause: pause}
	go v.run(w.m.Watch(ctx))
	w.Cleanup(stop)
	return v
}

func (v *watcher) run(tokens iter.Seq2[*manager.Token, error]) {
	defer close(v.done)
	for token, err := range tokens {
		v.note(token, err)
		if v.pause != nil {
			<-v.pause
		}
	}
}

func (v *watcher) note(token *manager.Token, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if (token == nil) == (err == nil) {
		v.Errorf("a pair has a token and an error, or neither: %v, %v", token, err)
	}
	if err != nil {
		v.got, v.errs = append(v.got, "!"), append(v.errs, err)
		return
	}
	if now := v.clock.Now(); !now.Before(token.EffectiveExpiry()) {
		v.Errorf("token %s is yielded %v after its effective expiry", token.Value(), now.Sub(token.EffectiveExpiry()))
	}
	v.got, v.last = append(v.got, token.Value()), token
}

func (v *watcher) want(got ...string) {
	v.Helper()
	synctest.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	require.Equal(v, got, v.got)
}

func (v *watcher) wantEnded() {
	v.Helper()
	synctest.Wait()
	select {
	case <-v.done:
	default:
		require.Fail(v, "the loop should have ended")
	}
}

func TestW1_TheCurrentTokenThenEachSuccessor(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch() // there is no token, so one is fetched
		v.want("t1")
		w.wantFetches(1)
		w.advance(minute + 7500*ms) // 0.75 of the effective lifetime of 90 s
		v.want("t1", "t2")
		w.refresh().wantToken("t3")
		v.want("t1", "t2", "t3")
		late := w.watch()
		late.want("t3")
		w.replace(v.last, "api://1").wantToken("t4")
		v.want("t1", "t2", "t3", "t4")
		late.want("t3", "t4")
	})
}

func TestW1_ATokenReportsItsTimes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		stats := w.m.Stats()
		require.Equal(t, stats.EffectiveExpiry.UTC(), v.last.EffectiveExpiry().UTC())
		require.Equal(t, stats.RefreshTime.UTC(), v.last.RefreshTime().UTC())
		require.Equal(t, 90*second, v.last.EffectiveExpiry().Sub(time.Unix(0, 0)))
		require.Equal(t, 67500*ms, v.last.RefreshTime().Sub(time.Unix(0, 0)))
		require.Equal(t, 100*second, v.last.Expiry().Sub(time.Unix(0, 0)))
	})
	given := manager.NewToken(1, named("x", time.Unix(5, 0)))
	require.Equal(t, given.Expiry(), given.EffectiveExpiry())
	require.Equal(t, given.Expiry(), given.RefreshTime())
	require.True(t, manager.NewToken(1, named("x", time.Time{})).EffectiveExpiry().IsZero())
}

func TestW1_EndsWithItsContext(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v, other := w.watch(), w.watch()
		v.stop()
		v.wantEnded()
		w.refresh().wantToken("t2")
		v.want("t1")
		other.want("t1", "t2")
		require.Equal(t, 1, w.m.Stats().Watchers)

		over, cancel := context.WithCancel(context.Background())
		cancel()
		for token := range w.m.Watch(over) {
			require.Fail(t, "a watcher whose context had ended is given a token", token)
		}
	})
}

func TestW1_EndsWithClose(t *testing.T) {
	for name, prepare := range map[string]func(w *world){
		"with a token":        func(*world) {},
		"while it is fetched": func(w *world) { w.endpoint.hang = true },
		"in an outage":        func(w *world) { w.endpoint.fail = errDown },
		"beside a stuck fetch": func(w *world) {
			w.get()
			w.endpoint.set(func(e *endpoint) { e.stuck = true })
			w.refresh()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				prepare(w)
				v := w.watch()
				slow := w.watchPausing(make(chan struct{}))
				before := len(v.got)
				go w.m.Close()
				v.wantEnded()
				require.Len(t, v.got, before, "nothing is yielded because of Close")
				if slow.got != nil {
					close(slow.pause)
				}
				slow.wantEnded()
				w.endpoint.releaseAll()
				w.m.Close()
				for token, err := range w.m.Watch(context.Background()) {
					require.Fail(t, "a closed manager yields something", "%v, %v", token, err)
				}
				require.Zero(t, w.m.Stats().Watchers)
			})
		})
	}
}

func TestW1_ASlowWatcherMissesTokensAndBlocksNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pause := make(chan struct{})
		slow, quick := w.watchPausing(pause), w.watch()
		slow.want("t1")
		for range 3 {
			w.refresh().token()
		}
		quick.want("t1", "t2", "t3", "t4")
		slow.want("t1")
		pause <- struct{}{}
		slow.want("t1", "t4")
		close(pause)
		w.refresh().wantToken("t5")
		slow.want("t1", "t4", "t5")
	})
}

// What a slow watcher has missed may be gone when it comes back: it then waits for what is usable.
func TestW1_ATokenWasUsableWhenItWasYielded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		pause := make(chan struct{})
		slow := w.watchPausing(pause)
		slow.want("t1")
		w.refresh().wantToken("t2")
		w.endpoint.set(func(e *endpoint) { e.fail = errDown })
		w.advance(2 * minute) // t2 is lost
		w.endpoint.set(func(e *endpoint) { e.hang, e.fail = true, nil })
		w.advance(10 * second) // an attempt is on its way
		close(pause)
		slow.want("t1", "!")
		w.endpoint.set(func(e *endpoint) { e.hang = false })
		w.advance(30 * second)
		require.Len(t, slow.got, 3)
	})
}

// Nor is a token yielded that has reached its effective expiry by the clock, though no timer has fired yet.
func TestW1_ATokenThatExpiredWhileTheMachineSleptIsNotYielded(t *testing.T) {
	var slept atomic.Int64
	inWorld(t, func(t *testing.T, w *world) {
		pause := make(chan struct{})
		slow := w.watchPausing(pause)
		slow.want("t1")
		w.refresh().wantToken("t2")
		slept.Store(int64(hour))
		defer slept.Store(0) // the test runs again, in a pool
		close(pause)
		slow.want("t1")
		w.advance(2 * minute)
		require.NotContains(t, slow.got, "t2")
		require.Greater(t, len(slow.got), 1)
	}, withClock(func(c clock.Clock) clock.Clock { return skewed{c, &slept} }))
}

// A watcher that has an error, and misses the token that ended that outage, learns of no second outage.
func TestW3_ASlowWatcherGetsNoTwoErrorsInARow(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		pause := make(chan struct{})
		slow := w.watchPausing(pause)
		w.advance(second)
		slow.want("!")
		w.endpoint.set(func(e *endpoint) { e.fail = nil })
		w.advance(10 * second)
		require.NotNil(t, w.m.Current())
		w.endpoint.set(func(e *endpoint) { e.fail = errDown })
		w.advance(2 * minute)
		require.Nil(t, w.m.Current())
		close(pause)
		slow.want("!")
		w.endpoint.set(func(e *endpoint) { e.fail = nil })
		w.advance(10 * second)
		require.Len(t, slow.got, 2)
	})
}

func TestW1_APanicOrBreakLeavesNothingBehind(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		synctest.Wait()
		before := runtime.NumGoroutine()
		for range w.m.Watch(context.Background()) {
			require.Equal(t, 1, w.m.Stats().Watchers)
			break
		}
		require.Zero(t, w.m.Stats().Watchers)
		require.PanicsWithValue(t, "boom", func() {
			for range w.m.Watch(context.Background()) {
				panic("boom")
			}
		})
		next, stop := iter.Pull2(w.m.Watch(context.Background()))
		token, err, ok := next()
		require.True(t, ok)
		require.NoError(t, err)
		require.Equal(t, "t1", token.Value())
		stop()
		synctest.Wait()
		require.Zero(t, w.m.Stats().Watchers)
		requireGoroutines(t, before)
	})
}

// The loop body may call anything, Close included.
func TestW1_TheLoopBodyMayUseTheManager(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var values []string
		for token, err := range w.m.Watch(context.Background()) {
			require.NoError(t, err)
			values = append(values, token.Value())
			switch len(values) {
			case 1:
				next, err := w.m.Refresh(context.Background())
				require.NoError(t, err)
				require.Equal(t, "t2", next.Value())
			case 2:
				require.NoError(t, w.m.Close())
			}
		}
		require.Equal(t, []string{"t1", "t2"}, values)
	})
}

// A value that comes again is no successor, unless it ends an outage.
func TestW1_AValueThatComesAgainIsYieldedOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("same", 100*second)
		v := w.watch()
		v.want("same")
		w.advance(95 * second)
		v.want("same")
		require.Greater(t, w.endpoint.count(), 1)
		w.endpoint.set(func(e *endpoint) { e.reply, e.fail = nil, errDown })
		w.advance(30 * second)
		v.want("same", "!")
		w.endpoint.repeatedly("same", 10*minute)
		w.advance(10 * second)
		v.want("same", "!", "same")
	})
}

// A rejection takes the token from the origin that rejects it, not from watchers (M21).
func TestW1_WatchersCountAsNotContesting(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		current := w.m.Current()
		w.endpoint.set(func(e *endpoint) { e.hang = true })
		for _, origin := range []string{"https://a", ""} {
			_ = w.m.Invalidate(current, origin)
			w.wantFetches(2)
			require.Nil(t, w.m.Current(), "an origin contests the token")
			v := w.watch()
			v.want("t1")
		}
	})
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		v := w.watch()
		w.endpoint.set(func(e *endpoint) { e.fail = errDown })
		require.NoError(t, w.m.Invalidate(v.last, ""))
		late := w.watch()
		late.want("t1")
		w.advance(10 * second) // the round fails
		v.want("t1")
		w.endpoint.set(func(e *endpoint) { e.fail = nil })
		w.advance(3 * minute)
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Greater(t, len(v.got), 1)
		require.NotContains(t, v.got, "!", "the token was usable all the time")
	})
}

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
		w.endpoint.set(func(e *endpoint) { e.fail = err })
		w.advance(91 * second) // refreshes fail until the token is lost
		v.want("t1", "!")
		before := w.endpoint.count()
		w.advance(3 * hour)
		v.want("t1", "!")
		during := w.endpoint.count() - before
		require.LessOrEqual(t, during, most)
		require.GreaterOrEqual(t, during, most/3, "the manager gives up")
		w.endpoint.set(func(e *endpoint) { e.fail = nil })
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
	var slept atomic.Int64
	inWorld(t, func(t *testing.T, w *world) {
		slept.Store(0)
		w.endpoint.clock = w.config.Clock
		w.endpoint.lifetime = hour
		v := w.watch()
		w.advance(minute)
		slept.Store(int64(50 * minute))
		defer slept.Store(0) // the test runs again, in a pool
		w.advance(minute)
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Equal(t, []string{"t1", "t2"}, v.got)
	}, withClock(func(c clock.Clock) clock.Clock { return skewed{c, &slept} }))
}

func TestW3_OneErrorInAnOutageThatOutlastsTheToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		for n := range 3 {
			w.endpoint.set(func(e *endpoint) { e.fail = errDown })
			w.advance(89 * second)
			require.Len(t, v.got, 2*n+1, "the token is still usable")
			w.advance(2 * second)
			require.Len(t, v.got, 2*n+2)
			require.Equal(t, "!", v.got[2*n+1])
			w.advance(10 * minute)
			require.Len(t, v.got, 2*n+2, "one error")
			var e *manager.Error
			require.ErrorAs(t, v.errs[n], &e)
			require.ErrorIs(t, e, errDown)
			w.endpoint.set(func(e *endpoint) { e.fail = nil })
			w.advance(10 * second)
			require.Len(t, v.got, 2*n+3)
			require.NotEqual(t, "!", v.got[2*n+2])
			v.clockToStart()
		}
	})
}

// clockToStart fetches a token now, so that a lifetime begins.
func (v *watcher) clockToStart() {
	v.refresh().token()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.got = v.got[:len(v.got)-1]
}

func TestW3_AnOutageThatIsShorterThanTheTokenIsNotYielded(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		v := w.watch()
		w.endpoint.set(func(e *endpoint) { e.fail = errDown })
		w.advance(80 * second)
		w.endpoint.set(func(e *endpoint) { e.fail = nil })
		w.advance(10 * second)
		require.Len(t, v.got, 2)
		require.Empty(t, v.errs)
	})
}

// A watcher that joins during an outage learns of it at once.
func TestW3_AWatcherThatJoinsInAnOutage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		w.advance(300 * ms)
		require.Error(t, c.failure())
		w.wantFetches(3)
		v := w.watch()
		v.want("!")
		require.Same(t, c.err, v.errs[0])
		w.wantFetches(3)
		w.advance(hour)
		late := w.watch()
		v.want("!")
		late.want("!")
		require.Greater(t, nextAttempt(t, late.errs[0]), hour, "its error is the last one's")
		w.endpoint.set(func(e *endpoint) { e.fail = nil })
		w.advance(10 * second)
		require.Len(t, v.got, 2)
		require.Equal(t, v.got, late.got)
	})
}

// A hold or a permanent failure that began while the token was usable keeps attempts away when it is lost: watchers do
// not have to wait for the next attempt to learn that.
func TestW3_TheErrorComesWithTheLoss(t *testing.T) {
	for _, err := range []error{later{errDown, 10 * minute}, permanent{errDown}} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.lifetime = 20 * second
			v := w.watch()
			w.endpoint.set(func(e *endpoint) { e.fail = err })
			w.advance(18*second - 1)
			v.want("t1")
			w.advance(1)
			v.want("t1", "!")
		})
	}
}

func TestW3_AbandonedFetchesAreAnOutage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		v := w.watch()
		w.advance(10 * minute)
		v.want("!")
		w.wantFetches(3)
		w.endpoint.set(func(e *endpoint) { e.stuck = false })
		w.endpoint.release(1)
		w.advance(10 * second)
		require.Len(t, v.got, 2)
	})
}

// Watchers, outages and rejections in any order: no error follows an error, and no value itself.
func TestW3_AnyOrder(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.lifetime = time.Duration(1+rng.IntN(40)) * second
			var watchers []*watcher
			for range 200 {
				switch rng.IntN(8) {
				case 0:
					watchers = append(watchers, w.watch())
				case 1:
					if len(watchers) > 0 {
						watchers[rng.IntN(len(watchers))].stop()
					}
				case 2:
					w.endpoint.set(func(e *endpoint) { e.fail = errDown })
				case 3:
					w.endpoint.set(func(e *endpoint) { e.fail = nil })
				case 4:
					if token := w.m.Current(); token != nil {
						_ = w.m.Invalidate(token, "https://a")
					}
				case 5:
					ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
					_, _ = w.m.Token(ctx)
					cancel()
				default:
					w.advance(time.Duration(rng.Int64N(int64(20 * second))))
				}
			}
			w.endpoint.set(func(e *endpoint) { e.fail = nil })
			last := w.watch()
			w.advance(15 * second)
			require.NotEmpty(t, last.got)
			for _, v := range append(watchers, last) {
				for i := range v.got {
					require.False(t, i > 0 && v.got[i] == v.got[i-1], "seed %d: %v", seed, v.got)
				}
			}
			require.LessOrEqual(t, w.endpoint.most, 1)
		})
	}
}

// requireGoroutines checks that no more than n goroutines are left. One that has ended may be counted for a moment.
func requireGoroutines(t *testing.T, n int) {
	t.Helper()
	synctest.Wait()
	for range 100 {
		if runtime.NumGoroutine() <= n {
			return
		}
		runtime.GC() // which takes long enough
	}
	stacks := make([]byte, 1<<20)
	require.LessOrEqual(t, runtime.NumGoroutine(), n, "goroutines:\n%s", stacks[:runtime.Stack(stacks, true)])
}

func TestW4_NoGoroutineBelongsToAWatcher(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		synctest.Wait()
		const n = 1000
		ctx, cancel := context.WithCancel(context.Background())
		var ready, ended sync.WaitGroup
		ready.Add(n)
		before := runtime.NumGoroutine()
		for range n {
			ended.Go(func() {
				first := true
				for range w.m.Watch(ctx) {
					if first {
						ready.Done()
						first = false
					}
				}
			})
		}
		ready.Wait()
		synctest.Wait()
		requireGoroutines(t, before+n) // only the callers' own
		require.Equal(t, n, w.m.Stats().Watchers)
		cancel()
		ended.Wait()
		synctest.Wait()
		requireGoroutines(t, before)
		require.Zero(t, w.m.Stats().Watchers)
	})
}

// All watchers are notified of every token, however many there are.
func TestW4_AllWatchersAreNotified(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var watchers []*watcher
		for range 2000 {
			watchers = append(watchers, w.watchPausing(nil))
		}
		synctest.Wait()
		w.refresh().wantToken("t2")
		for _, v := range watchers {
			v.want("t1", "t2")
		}
	})
}

var errAny = errors.New("any")

// A watcher's error is that of a caller, and prints no secret.
func TestW3_TheErrorIsThatOfACaller(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.reply = func(int) (*oauth2.Token, error) { return nil, permanent{errAny} }
		v := w.watch()
		c := w.wait()
		v.want("!")
		require.Same(t, c.failure(), v.errs[0])
	})
}
