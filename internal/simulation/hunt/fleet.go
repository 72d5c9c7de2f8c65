package hunt

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/alf-go/alf/internal/simulation/fleet"
)

// FleetResult is what was seen in worlds of many tokens at one endpoint.
type FleetResult struct {
	Seeds uint64 // that were run
	Stats fleet.Stats
	// Seed is the lowest one that failed, if Failure is not nil.
	Seed    uint64
	Failure error
}

// RunFleet runs the worlds of package fleet of the seeds of o, as Run does those of package world. Options.Run has no
// effect. The error is the context's cause.
func RunFleet(ctx context.Context, o Options) (*FleetResult, error) {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Progress == nil {
		o.Progress = func(uint64) {}
	}
	var next, done atomic.Uint64
	var mu sync.Mutex
	var workers sync.WaitGroup
	r := new(FleetResult)
	for range o.Workers {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < o.Seeds && ctx.Err() == nil; i = next.Add(1) - 1 {
				seed := o.First + i
				stats, failure := oneFleet(seed, o.Once)
				o.Progress(done.Add(1))
				mu.Lock()
				r.Seeds++
				r.Stats.Add(&stats)
				if failure != nil && (r.Failure == nil || seed < r.Seed) {
					r.Seed, r.Failure = seed, failure
					next.Store(o.Seeds)
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	if r.Failure == nil && ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, nil
}

// oneFleet runs the world of a seed, twice unless once.
func oneFleet(seed uint64, once bool) (fleet.Stats, error) {
	first := fleet.Run(seed, false)
	switch {
	case first.Violation != nil:
		return first.Stats, first.Violation
	case !once && fleet.Run(seed, false).Hash != first.Hash:
		return first.Stats, fmt.Errorf("fleet seed %d runs to two different traces", seed)
	}
	return first.Stats, nil
}
