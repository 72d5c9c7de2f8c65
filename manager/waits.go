package manager

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// WaitOutcome is how a caller's wait for a token ended.
type WaitOutcome string

// The outcomes of a wait.
const (
	// WaitServed: the caller got a token.
	WaitServed WaitOutcome = "served"
	// WaitFailed: it got the error that no token is available.
	WaitFailed WaitOutcome = "failed"
	// WaitSuppressed: its rejection was not acted on.
	WaitSuppressed WaitOutcome = "suppressed"
	// WaitCanceled: its context ended.
	WaitCanceled WaitOutcome = "canceled"
	// WaitClosed: the manager was closed.
	WaitClosed WaitOutcome = "closed"
)

// WaitStats is how long callers waited for the manager. A caller that finds a usable token does not wait, and is not
// counted.
type WaitStats struct {
	// Count is how many waits ended.
	Count uint64
	// Sum is how long they lasted together, Max how long the longest lasted.
	Sum, Max time.Duration
}

// waits counts the waits of callers. The first caller makes its map.
type waits struct {
	mu sync.Mutex
	by map[WaitOutcome]WaitStats
}

func (w *waits) add(o WaitOutcome, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil {
		w.by = make(map[WaitOutcome]WaitStats, 1)
	}
	w.by[o] = w.by[o].plus(WaitStats{1, d, d})
}

func (s WaitStats) plus(o WaitStats) WaitStats {
	return WaitStats{Count: s.Count + o.Count, Sum: s.Sum + o.Sum, Max: max(s.Max, o.Max)}
}

func (w *waits) all() map[WaitOutcome]WaitStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.by)
}

// addTo adds them to those of others.
func (w *waits) addTo(sum map[WaitOutcome]WaitStats) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for o, s := range w.by {
		sum[o] = sum[o].plus(s)
	}
}

// waitOutcome is how a wait ended that returned err.
func waitOutcome(ctx context.Context, err error) WaitOutcome {
	switch {
	case err == nil:
		return WaitServed
	case errors.Is(err, ErrSuppressed):
		return WaitSuppressed
	case errors.Is(err, ErrClosed):
		return WaitClosed
	case ctx.Err() != nil && errors.Is(err, context.Cause(ctx)):
		return WaitCanceled
	}
	return WaitFailed
}
