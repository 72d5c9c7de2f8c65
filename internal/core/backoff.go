package core

import "time"

// backoffKind says what a backoff follows, which is what decides who may lift it.
type backoffKind uint8

const (
	noBackoff  backoffKind = iota
	refreshing             // a refresh behind a usable token failed (M8): lifted when the token is lost or rejected
	waiting                // a round failed (M9): lifted when the token is lost that other origins still used (M21)
	permanent              // a failure was permanent (M10): lifted by Refresh and by corrected credentials only
	refused                // the endpoint refuses to let callers wait (E2): lifted by its admission or its word
)

// backoff is the time in which no fetch starts because others failed.
type backoff struct {
	kind backoffKind
	// until is when it ends.
	until Elapsed
	// hold says that the endpoint asked for this pause by Retry-After, so that the loss of a token does not lift it
	// (M21).
	hold bool
	// transient and permanent count the failures in a row. Each doubles the next backoff of its kind.
	transient, permanent int
}

// maxDoublings is more than the shortest backoff needs to reach the longest. Counting further would prove nothing.
const maxDoublings = 63

// backOff begins a backoff after a failure.
func (s *step) backOff(kind backoffKind, r Result) {
	var wait time.Duration
	b := &s.backoff
	if r.Permanent {
		kind = permanent
		wait = Doubling(s.policy.MinPermanentBackoff, b.permanent, s.policy.MaxPermanentBackoff)
		b.permanent = min(b.permanent+1, maxDoublings)
	} else {
		longest := s.policy.MaxBackoff
		if kind == waiting || !s.token.on {
			longest = min(longest, maxRoundBackoff)
		}
		wait = Doubling(s.policy.MinBackoff, b.transient, longest)
		// From the upper half, so that processes which failed together do not return together. It is some time at
		// least, or the next fetch would start in the step in which this one failed (M22).
		wait = max(time.Duration(float64(wait)*(0.5+s.draw/2)), 1)
		b.transient = min(b.transient+1, maxDoublings)
	}
	asked := min(r.RetryAfter, maxRetryAfter)
	b.kind, b.hold = kind, asked >= wait && asked > 0
	b.until = s.elapsed + max(wait, asked)
	s.recheck.begin(r.Recheckable, s.elapsed)
	s.event(Event{Kind: BackedOff, Until: s.at(b.until)})
}

// Doubling is the first wait, doubled that many times, and at most the longest.
func Doubling(first time.Duration, times int, longest time.Duration) time.Duration {
	for range times {
		if first >= longest {
			break
		}
		first *= 2
	}
	return min(first, longest)
}

// liftBackoff ends the wait, not the count of failures: should the next fetch fail too, the wait after it is the longer
// one.
func (s *step) liftBackoff() {
	s.backoff.kind, s.backoff.until, s.backoff.hold = noBackoff, 0, false
	s.recheck.end()
}

// freeCallers lets a backoff bind watchers alone, as that after a token that is expired on arrival does.
func (s *step) freeCallers() {
	if s.backoff.kind != noBackoff {
		s.backoff.kind, s.backoff.hold = refreshing, false
		s.recheck.end()
	}
}

// endBackoff is for a fetch that succeeded.
func (s *step) endBackoff() {
	s.backoff = backoff{}
	s.recheck.end()
}

// failingFast reports whether callers without a token are refused at once, and rejections not acted on.
func (s *step) failingFast() bool {
	return s.elapsed < s.backoff.until && s.backoff.kind >= waiting
}

// retrying replaces a cause if the last fetch failed: whatever it would have been, it is a probe now.
func (s *step) retrying(cause Cause) Cause {
	if s.backoff.transient > 0 || s.backoff.permanent > 0 {
		return CauseRetry
	}
	return cause
}
