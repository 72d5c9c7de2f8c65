package tuning

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// machine is what a process is told, and what it sets.
type machine struct {
	mu      sync.Mutex
	load    float64 // processors' worth of work
	most    int
	now     int
	percent int
	live    uint64
	cpu     time.Duration
	looks   int
}

func (m *machine) process() *process {
	at := time.Now()
	return &process{
		cpu: func() (time.Duration, bool) {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.looks++
			m.cpu += time.Duration(min(m.load, float64(m.now)) * float64(time.Since(at)))
			at = time.Now()
			return m.cpu, true
		},
		live: func() (live uint64) {
			m.with(func() { live = m.live })
			return live
		},
		processors: &processors{
			most: m.now,
			get: func() (now int) {
				m.with(func() { now = m.now })
				return now
			},
			set: func(n int) { m.with(func() { m.now = n }) },
			all: func() { m.with(func() { m.now = m.most }) },
		},
		setPercent: func(percent int) { m.with(func() { m.percent = percent }) },
	}
}

func (m *machine) with(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

func TestX4_AProcessUsesWhatItNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := &machine{most: 8, now: 8, load: 0.3, live: 4 << 20}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		p := m.process()
		go func() { defer close(ended); p.run(ctx) }()
		// after returns what became of it when some time has passed.
		after := func(d time.Duration, change func()) (now, percent, looks int) {
			m.with(change)
			time.Sleep(d)
			synctest.Wait()
			m.with(func() { now, percent, looks = m.now, m.percent, m.looks })
			return now, percent, looks
		}
		now, percent, _ := after(time.Second, func() {})
		require.Equal(t, 1, now)
		require.Equal(t, 800, percent, "much headroom beside little memory")

		now, percent, _ = after(time.Second, func() { m.load, m.live = 20, 300<<20 })
		require.Equal(t, 8, now)
		require.Equal(t, 100, percent)

		now, _, _ = after(time.Second, func() { m.most, m.now = 4, 4 }) // the limit of a container changed, and the runtime has followed
		require.Equal(t, 4, now)

		now, _, before := after(3*time.Second, func() { m.load = 0 })
		require.Equal(t, 1, now)
		_, _, looks := after(10*time.Second, func() {})
		require.LessOrEqual(t, looks-before, 51, "an idle process is looked at less often")
		stop()
		<-ended
	})
}

func TestX4_WhatTheUserHasSetStays(t *testing.T) {
	t.Setenv("GOMAXPROCS", "2")
	t.Setenv("GOGC", "50")
	synctest.Test(t, func(t *testing.T) {
		p := ofThisProcess()
		require.Nil(t, p.processors)
		require.Nil(t, p.setPercent)
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		p.run(ctx)
	})
}

func TestX4_TheDefaultsAreRestored(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	Run(ctx)
	require.Equal(t, before, runtime.GOMAXPROCS(0))
	used, known := usedCPU()
	require.Equal(t, known, used > 0)
	runtime.GC()
	require.Positive(t, live())
}
