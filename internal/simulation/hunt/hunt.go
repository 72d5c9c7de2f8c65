// Package hunt runs the worlds of many seeds on all cores until one of them breaks a rule, or runs differently the
// second time.
package hunt

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// Options is what to hunt through. Seeds alone is required.
type Options struct {
	// First is the first seed, Seeds how many there are.
	First, Seeds uint64
	// Once runs each world once, and proves nothing about determinism.
	Once bool
	// Workers is how many run at the same time. Default: GOMAXPROCS.
	Workers int
	// Progress, if not nil, is called after each world with how many are done, by several goroutines at a time.
	Progress func(done uint64)
	// Run runs one world. Default: [world.Run].
	Run func(seed uint64, keep bool) *world.Result
}

// Result is what was seen.
type Result struct {
	Seeds    uint64 // that were run
	Runs     uint64 // of their worlds
	Stats    world.Stats
	Coverage world.Coverage
	Events   int // of all runs, the second ones included
	Took     time.Duration
	Workers  int
	// Failure is that of the lowest seed that failed; nil if none did.
	Failure *Failure
}

// PerSecond is how many events were handled in a second by one worker.
func (r *Result) PerSecond() float64 {
	if r.Took <= 0 || r.Workers == 0 {
		return 0
	}
	return float64(r.Events) / r.Took.Seconds() / float64(r.Workers)
}

// Failure is a seed whose world broke a rule, or ran to two different traces.
type Failure struct {
	Seed       uint64
	Violation  *world.Violation // nil if it is the traces
	Difference *Difference
}

// Error says what is wrong.
func (f *Failure) Error() string {
	if f.Violation != nil {
		return f.Violation.Error()
	}
	return f.Difference.Error()
}

// Difference is where two traces of one seed part.
type Difference struct {
	Seed          uint64
	Line          int // from 1; 0 if the traces that were kept to find it are the same
	First, Second string
}

// Error says where.
func (d *Difference) Error() string {
	text := fmt.Sprintf("seed %d runs to two different traces\n", d.Seed)
	if d.Line == 0 {
		return text + "  and did not do so again when every line was kept\n"
	}
	return text + fmt.Sprintf("  line %d\n  first   %s\n  second  %s\n", d.Line, orEnd(d.First), orEnd(d.Second))
}

func orEnd(l string) string {
	if l == "" {
		return "(the trace ends)"
	}
	return l
}

// hunt is one in progress. A failure narrows it to the seeds below, so that its result does not depend on which worker
// was the quickest.
type hunt struct {
	Options
	next  atomic.Uint64 // seeds handed out
	done  atomic.Uint64
	limit atomic.Uint64 // only so many seeds are still of interest

	mu     sync.Mutex
	result Result
}

// Run hunts. It returns what was seen until the first failure, or until ctx ended, which is an error.
func Run(ctx context.Context, o Options) (*Result, error) {
	if o.Seeds == 0 {
		return nil, errors.New("hunt: Options.Seeds is 0: set it to how many there are to run")
	}
	if o.First+o.Seeds < o.First {
		return nil, errors.New("hunt: Options.First is too large: there are not so many seeds behind it")
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Run == nil {
		o.Run = world.Run
	}
	if o.Progress == nil {
		o.Progress = func(uint64) {}
	}
	started := time.Now()
	h := &hunt{Options: o}
	h.limit.Store(o.Seeds)
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() { h.work(ctx) })
	}
	workers.Wait()
	r := &h.result
	r.Took, r.Workers = time.Since(started), o.Workers
	if r.Failure == nil && ctx.Err() != nil {
		return r, context.Cause(ctx)
	}
	return r, nil
}

func (h *hunt) work(ctx context.Context) {
	var seen Result
	for ctx.Err() == nil {
		i := h.next.Add(1) - 1
		if i >= h.limit.Load() {
			break
		}
		if f := h.one(h.First+i, &seen); f != nil {
			h.fail(i, f)
		}
		h.Progress(h.done.Add(1))
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &h.result
	r.Seeds += seen.Seeds
	r.Runs += seen.Runs
	r.Events += seen.Events
	r.Stats.Add(&seen.Stats)
	r.Coverage.Add(&seen.Coverage)
}

// one runs the world of a seed, twice if need be.
func (h *hunt) one(seed uint64, seen *Result) *Failure {
	r := h.Run(seed, false)
	seen.Seeds++
	seen.Runs++
	seen.Events += r.Stats.Events
	seen.Stats.Add(&r.Stats)
	seen.Coverage.Add(&r.Coverage)
	if r.Violation != nil {
		return &Failure{Seed: seed, Violation: r.Violation}
	}
	if h.Once {
		return nil
	}
	again := h.Run(seed, false)
	seen.Runs++
	seen.Events += again.Stats.Events
	if again.Hash != r.Hash {
		return &Failure{Seed: seed, Difference: h.compare(seed)}
	}
	return nil
}

// compare runs a world twice more, with every line kept.
func (h *hunt) compare(seed uint64) *Difference {
	first, second := h.Run(seed, true).Trace, h.Run(seed, true).Trace
	line := func(trace []string, i int) string {
		if i < len(trace) {
			return trace[i]
		}
		return ""
	}
	for i := range max(len(first), len(second)) {
		if a, b := line(first, i), line(second, i); a != b {
			return &Difference{Seed: seed, Line: i + 1, First: a, Second: b}
		}
	}
	return &Difference{Seed: seed}
}

func (h *hunt) fail(i uint64, f *Failure) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.result.Failure == nil || f.Seed < h.result.Failure.Seed {
		h.result.Failure = f
		h.limit.Store(i)
	}
}
