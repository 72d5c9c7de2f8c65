// Package tuning sets how many processors the process uses (GOMAXPROCS) and when it collects garbage (GOGC), by what it
// does. What the user has set in the environment stays.
package tuning

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/alf-go/alf/internal/core/tuning"
)

const (
	// busyTick is how often a process that has something to do is looked at, and idleTick one that has not: so long may
	// many requests that come at once have too few processors.
	busyTick, idleTick = 100 * time.Millisecond, 200 * time.Millisecond
	// idle is the part of one processor below which a process has nothing to do.
	idle = 0.05
)

// process is what is measured and set.
type process struct {
	// cpu is the processor time that was used so far; false where the system does not say that.
	cpu func() (time.Duration, bool)
	// live is how much memory the last garbage collection has left.
	live func() uint64
	// processors is how many are used. Nil: the user has decided.
	processors *processors
	// setPercent sets GOGC. Nil: the user has decided.
	setPercent func(percent int)
}

// Run tunes this process until ctx ends, and leaves the runtime's defaults. At most one runs at a time.
func Run(ctx context.Context) {
	p := ofThisProcess()
	p.run(ctx)
	if p.processors != nil {
		runtime.SetDefaultGOMAXPROCS()
	}
	if p.setPercent != nil {
		p.setPercent(tuning.DefaultPercent)
	}
}

func ofThisProcess() *process {
	p := &process{cpu: usedCPU, live: live}
	if os.Getenv("GOMAXPROCS") == "" {
		now := func() int { return runtime.GOMAXPROCS(0) }
		p.processors = &processors{most: now(), get: now, set: func(n int) { runtime.GOMAXPROCS(n) }, all: runtime.SetDefaultGOMAXPROCS}
	}
	if os.Getenv("GOGC") == "" {
		p.setPercent = func(percent int) { debug.SetGCPercent(percent) }
	}
	return p
}

// run looks at the process again and again.
func (p *process) run(ctx context.Context) {
	percent := tuning.DefaultPercent
	used, _ := p.cpu()
	at := time.Now()
	timer := time.NewTimer(busyTick)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		cpu, known := p.cpu()
		now := time.Now()
		spent, elapsed := cpu-used, now.Sub(at)
		used, at = cpu, now
		if p.setPercent != nil {
			if next := tuning.GCPercent(percent, p.live()); next != percent {
				p.setPercent(next)
				percent = next
			}
		}
		if p.processors != nil && known {
			p.processors.adjust(spent, elapsed)
		}
		timer.Reset(tick(spent, elapsed))
	}
}

// tick is the time until the process is looked at again.
func tick(spent, elapsed time.Duration) time.Duration {
	if float64(spent) < idle*float64(elapsed) {
		return idleTick
	}
	return busyTick
}

// processors are those that the process uses.
type processors struct {
	most int
	get  func() int
	set  func(n int)
	all  func() // uses all that the system has for the process, and follows when that changes
	some bool   // set was called since
}

// adjust has the process use as many as it needs.
func (p *processors) adjust(spent, elapsed time.Duration) {
	now := p.get()
	if !p.some {
		p.most = now
	}
	switch next := tuning.Processors(now, p.most, spent, elapsed); next {
	case now:
	case p.most:
		p.all()
		p.some, p.most = false, p.get()
	default:
		p.set(next)
		p.some = true
	}
}

// live reads what the runtime has measured.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}
