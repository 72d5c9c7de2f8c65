package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// note takes in an event of a process.
func (f *Fleet) note(p *Process, e *Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.killed {
		return
	}
	switch s := &p.state; e.Kind {
	case Ready:
		s.ready = true
	case Fetching:
		s.fetching = true
	case Fetched:
		s.fetching = false
	case Token:
		s.token, s.shared = e.Time(), e.Shared
	case Failed:
		f.failures = append(f.failures, Failure{At: e.Time(), Process: p.name, Request: e.Request, Err: e.Err})
	case StoreFailed:
		f.storeFailed(e.Err)
	case Counted:
		s.counts = e.Counts
	case Listening:
		s.listening = true
	case Heard:
		s.heard, s.at = true, e.Time()
	case Published:
		s.began = e.Time()
	case Broken:
		f.broken = append(f.broken, fmt.Errorf("%s: %s", p.name, e.Err))
	}
}

// Fetching are the processes that have a token request under way, as far as is known.
func (f *Fleet) Fetching() []*Process {
	f.mu.Lock()
	defer f.mu.Unlock()
	var some []*Process
	for _, p := range f.processes {
		if p.fetching {
			some = append(some, p)
		}
	}
	return some
}

// Failures are the API requests that have failed until now.
func (f *Fleet) Failures() []Failure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.failures)
}

// mostReasons is how many different errors of the store are kept.
const mostReasons = 10

// storeFailed counts an error of the store. The lock is held.
func (f *Fleet) storeFailed(reason string) {
	if _, known := f.reasons[reason]; known || len(f.reasons) < mostReasons {
		f.reasons[reason]++
	}
}

// Summary says for an error what has failed until now: how many API requests, with the first and the last ones, and how
// often the store, with its errors.
func (f *Fleet) Summary() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	n, some := len(f.failures), f.failures
	if n > 4 {
		some = slices.Concat(f.failures[:2], f.failures[n-2:])
	}
	return fmt.Sprintf("%d API requests have failed, among them %v; the store: %v", n, some, f.reasons)
}

// Arrivals is when each process had its latest token. The first is that of the process that has fetched it, if one has.
func (f *Fleet) Arrivals() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []time.Time
	for _, p := range f.processes {
		all = append(all, p.token)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// await waits until something holds for all processes.
func (f *Fleet) await(ctx context.Context, what string, most time.Duration, holds func(*state) bool) error {
	ctx, end := context.WithTimeout(ctx, most)
	defer end()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return Until(ctx, what, func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.broken) > 0 {
			cancel(errors.Join(f.broken...))
		}
		for _, p := range f.processes {
			if !holds(&p.state) {
				return false
			}
		}
		return true
	})
}

// Until waits until something holds. The error of a context that ends before says what was waited for.
func Until(ctx context.Context, what string, holds func() bool) error {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: waited for in vain: %w", what, context.Cause(ctx))
		}
	}
	return nil
}
