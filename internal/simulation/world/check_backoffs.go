package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// failures is the state of the backoffs as the checker computes it.
type failures struct {
	on        bool
	kind      string // "M8", "M9" or "M10"
	hold      bool   // the endpoint asked for it, so that the loss of a token does not lift it
	from, by  core.Elapsed
	transient int
	permanent int
}

// backsOff recomputes how long the backoff may be.
func (c *checker) backsOff(wall time.Time, e *core.Effects, ev core.Event) {
	f := &c.failures
	f.hold = false
	c.watched.free = e.Release != core.Failed && !c.tokenOn && !e.Failure.Permanent
	var least, most time.Duration
	switch {
	case e.Failure.Permanent:
		f.kind = "M10"
		most = doubled(c.p.w.policy.MinPermanentBackoff, f.permanent, c.p.w.policy.MaxPermanentBackoff)
		least = most
		f.permanent++
	default:
		longest := c.p.w.policy.MaxBackoff
		f.kind = "M8"
		if e.Release == core.Failed || !c.tokenOn {
			f.kind, longest = "M9", min(longest, 10*time.Second)
		}
		most = doubled(c.p.w.policy.MinBackoff, f.transient, longest)
		least = most / 2
		f.transient++
	}
	if after := c.result.RetryAfter; after > 0 && e.Failure.Kind == core.Returned {
		c.p.w.coverIf(after > 10*time.Minute, CoverRetryAfterCapped)
		after = min(after, 10*time.Minute)
		f.hold = after >= most
		least, most = max(least, after), max(most, after)
	}
	wait := ev.Until.Sub(wall)
	c.broken(wait < least-slack || wait > most+slack, f.kind, "a backoff of %v, where the rule has %v to %v", wait, least, most)
	c.failureReported = c.running
	f.on, f.from, f.by = true, c.elapsed+least, c.elapsed+most
}

// doubled is a backoff after so many failures in a row.
func doubled(first time.Duration, times int, longest time.Duration) time.Duration {
	for range min(times, 62) {
		first = min(2*first, longest)
	}
	return min(first, longest)
}

// liftsBackoff is a check of the credentials that found others (F4).
func (c *checker) liftsBackoff(in core.Input) {
	c.broken(in.Kind != core.CredentialsChecked || !in.Changed || c.failures.kind != "M10", "F4", "a backoff is lifted though no credentials were corrected")
	c.failures.on = false
	c.p.w.cover(CoverCredentialsLiftBackoff)
}
