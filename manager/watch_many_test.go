package manager_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

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
