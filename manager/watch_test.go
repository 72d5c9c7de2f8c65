package manager_test

import (
	"context"
	"iter"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

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
		w.endpoint.fails(errDown)
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
	inWorld(t, func(t *testing.T, w *world) {
		pause := make(chan struct{})
		slow := w.watchPausing(pause)
		slow.want("t1")
		w.refresh().wantToken("t2")
		w.skew(hour)
		close(pause)
		slow.want("t1")
		w.advance(2 * minute)
		require.NotContains(t, slow.got, "t2")
		require.Greater(t, len(slow.got), 1)
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
		w.endpoint.fails(errDown)
		require.NoError(t, w.m.Invalidate(v.last, ""))
		late := w.watch()
		late.want("t1")
		w.advance(10 * second) // the round fails
		v.want("t1")
		w.endpoint.works()
		w.advance(3 * minute)
		v.mu.Lock()
		defer v.mu.Unlock()
		require.Greater(t, len(v.got), 1)
		require.NotContains(t, v.got, "!", "the token was usable all the time")
	})
}
