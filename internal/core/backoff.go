package core

import "time"

// backoffKind says what a backoff follows, which is what decides who may lift it.
type backoffKind uint8

const (
	noBackoff  backoffKind = iota
	refreshing             // a refresh behind a usable token failed (M8): lifted when the token is lost
	waiting                // a round failed (M9)
	denied                 // a failure was permanent (M10)
)

// backoff is the time in which no fetch starts because others failed.
type backoff struct {
	kind      backoffKind
	until     Elapsed
	transient int // failures in a row, of either kind
	permanent int
}

// maxDoublings keeps a shift from overflowing; every wait has long met its cap by then.
const maxDoublings = 20

func (t *turn) backOff(kind backoffKind, permanent bool, retryAfter time.Duration) {
	var wait time.Duration
	b := &t.backoff
	if permanent {
		kind = denied
		wait = doubling(t.policy.MinPermanentBackoff, b.permanent, t.policy.MaxPermanentBackoff)
		b.permanent = min(b.permanent+1, maxDoublings)
	} else {
		longest := t.policy.MaxBackoff
		if kind == waiting {
			longest = min(longest, maxRoundBackoff)
		}
		wait = doubling(t.policy.MinBackoff, b.transient, longest)
		// From the upper half, so that processes which failed together do not return together.
		wait = time.Duration(float64(wait) * (0.5 + t.draw/2))
		b.transient = min(b.transient+1, maxDoublings)
	}
	b.kind = kind
	b.until = t.elapsed + max(wait, min(retryAfter, maxRetryAfter))
	t.event(Event{Kind: BackedOff, Until: t.at(b.until)})
}

func doubling(first time.Duration, times int, longest time.Duration) time.Duration {
	for range times {
		if first >= longest {
			break
		}
		first *= 2
	}
	return min(first, longest)
}

// lift ends the wait, not the count of failures: should the next fetch fail too, the wait after it is the longer one.
func (b *backoff) lift() { b.kind, b.until = noBackoff, 0 }

// failingFast reports whether callers without a token are refused at once, and rejections not acted on.
func (t *turn) failingFast() bool {
	return t.elapsed < t.backoff.until && (t.backoff.kind == waiting || t.backoff.kind == denied)
}

// retrying replaces a cause if the last fetch failed: whatever it would have been, it is a probe now.
func (t *turn) retrying(cause Cause) Cause {
	if t.backoff.transient > 0 || t.backoff.permanent > 0 {
		return CauseRetry
	}
	return cause
}
