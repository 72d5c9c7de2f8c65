package interop

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// traffic is callers who make one request after another.
type traffic struct {
	done     atomic.Int64
	stop     chan struct{}
	callers  sync.WaitGroup
	failures chan error // the first of each caller, who then stops
}

// drive starts callers. Each pauses before every request for as long as given.
func drive(t *testing.T, callers int, pause time.Duration, ask func(context.Context) error) *traffic {
	t.Helper()
	f := &traffic{stop: make(chan struct{}), failures: make(chan error, callers)}
	for range callers {
		f.callers.Go(func() {
			for last := false; !last; {
				select {
				case <-f.stop:
					last = true
				case <-time.After(pause):
				}
				if err := ask(t.Context()); err != nil {
					f.failures <- err
					return
				}
				f.done.Add(1)
			}
		})
	}
	return f
}

// await waits until so many requests are done, or one has failed.
func (f *traffic) await(t *testing.T, requests int64) {
	t.Helper()
	await(t, "there is traffic", func() bool { return f.done.Load() >= requests || len(f.failures) > 0 })
}

// last has every caller make a last request, and returns the first failure of any.
func (f *traffic) last() error {
	close(f.stop)
	f.callers.Wait()
	select {
	case err := <-f.failures:
		return fmt.Errorf("after %d requests: %w", f.done.Load(), err)
	default:
		return nil
	}
}
