package manager_test

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

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
