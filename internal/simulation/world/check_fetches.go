package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

func (c *checker) fetchStarts(wall time.Time, in core.Input, e *core.Effects, ev core.Event) {
	c.broken(c.running, "M3", "fetch %d starts while another one is in flight", ev.Flight)
	c.broken(c.abandoned >= 3, "M15", "fetch %d starts beside 3 abandoned ones", ev.Flight)
	c.broken(c.closed, "M14", "fetch %d starts after Close", ev.Flight)
	byHand := ev.Cause == core.CauseManual && c.byHand || in.Kind == core.Refresh
	c.broken(ev.Cause == core.CauseManual && !byHand && c.tokenOn && c.elapsed < c.token.published+time.Second-slack, "M20",
		"a token is fetched for a longer life %v after the last one came", c.elapsed-c.token.published)
	unattended := c.unattended(in, e)
	c.p.w.coverIf(unattended, CoverUnattendedFetch)
	c.broken(unattended && c.watched.known && ev.Attempt > 1 && !c.repeated, "W2", "attempt %d for watchers that know of the outage", ev.Attempt)
	c.broken(c.failures.on && !byHand && ev.Attempt == 1 && (unattended || !c.watched.free) && c.elapsed < c.failures.from-slack, c.failures.kind,
		"fetch %d starts %v before its backoff is over", ev.Flight, c.failures.from-c.elapsed)
	c.broken(!byHand && ev.Attempt == 1 && c.elapsed < c.gate-slack, "M6", "fetch %d starts %v too soon after the last one", ev.Flight, c.gate-c.elapsed)
	if ev.Attempt > 1 {
		c.broken(ev.Attempt > c.p.w.policy.Attempts, "M9", "attempt %d of a round", ev.Attempt)
		c.broken(!byHand && c.elapsed < c.lastEnd+50*time.Millisecond-slack, "M9", "attempt %d comes %v after the one before", ev.Attempt, c.elapsed-c.lastEnd)
	}
	if ev.Cause == core.CauseRejected && !byHand && !c.repeated {
		c.broken(c.rejections > 0 && c.elapsed < c.rejection+time.Second-slack, "M13", "two fetches for rejections %v apart", c.elapsed-c.rejection)
		c.rejection = c.elapsed
		c.rejections++
	}
	// The step's own publication, if it has one, is not recorded yet: it is read if a caller waited for it.
	asked := c.round || c.repeated || in.Kind == core.Refresh || in.Kind == core.Invalidate || in.Kind == core.Get
	if !asked && (ev.Cause == core.CauseRefresh || ev.Cause == core.CauseRetry && ev.Attempt == 1 && c.tokenOn) {
		c.broken(!in.Read && !in.Watched && in.Kind != core.Fetched && e.Reply != core.Serve, "M16", "a token that no caller has read is refreshed")
		c.broken(!c.p.stepped && c.p.w.parameters.Drift == 0 && c.tokenOn && wall.Before(c.token.earliestRefresh.Add(-slack)), "M4", "refreshed %v before half its usable life", c.token.earliestRefresh.Sub(wall))
	}
	if c.tokenOn && c.token.repeated {
		c.gate = c.elapsed + time.Second
	}
	c.running, c.failureReported, c.stale, c.began = true, false, false, c.elapsed
}

func (c *checker) fetchEnds(in core.Input, e *core.Effects, ev core.Event) {
	c.running, c.lastEnd = false, c.elapsed
	c.broken(c.stale != (ev.Class == core.ClassStale), "D1", "a fetch ends %v, and a token came from elsewhere meanwhile: %v", classWords[ev.Class], c.stale)
	c.broken(c.stale && e.Publish, "D1", "a stale fetch replaces the token that came from elsewhere")
	switch ev.Class {
	case core.ClassOK:
		c.causes()
	case core.ClassExpiredOnArrival:
		c.causes()
		c.expiresOnArrival(in, e)
	}
}

// expiresOnArrival is a fetch that brought a token which is of no use to later callers (M6).
func (c *checker) expiresOnArrival(in core.Input, e *core.Effects) {
	c.gate = c.began + time.Second
	again := in.Result.Same && e.Release != core.ServeExpired
	atOnce := again && !c.repeated
	if atOnce {
		// The first time that the value comes again, the endpoint is asked sooner.
		c.gate = min(c.gate, c.elapsed+50*time.Millisecond)
	}
	c.repeated = again
	if (!c.tokenOn || in.Result.Same) && (!in.Watched || atOnce) {
		c.failures = failures{}
	}
	c.watched.free = !c.tokenOn
	c.p.w.cover(CoverExpiredOnArrival)
}

func (c *checker) abandons(ev core.Event) {
	c.running, c.lastEnd = false, c.elapsed
	c.abandoned++
	c.broken(c.abandoned > 3, "M15", "%d fetches are abandoned", c.abandoned)
	c.p.w.cover(CoverAbandoned)
	c.p.w.coverIf(c.abandoned == 3, CoverThreeAbandoned)
	for i := range c.p.flights {
		if f := &c.p.flights[i]; f.id == ev.Flight {
			c.broken(!f.cancelled, "M15", "fetch %d is abandoned without having been cancelled", f.id)
			f.abandoned = true
		}
	}
}
