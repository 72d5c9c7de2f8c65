package world

import (
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// actedOn reports whether a rejection was.
func actedOn(e *core.Effects) bool {
	return slices.ContainsFunc(e.Events[:e.N], func(ev core.Event) bool { return ev.Kind == core.Rejected })
}

// checkReplies checks the replies to callers.
func (c *checker) checkReplies(wall time.Time, in core.Input, e *core.Effects) {
	c.broken(e.Release == core.Failed && e.Failure.Kind == core.NoFailure, "M9", "those who wait are failed though no round has ended")
	c.checkContests(in, e)
	if e.Release != core.None {
		c.round, c.byHand, c.watched.attended = false, false, false
	}
	if e.Reply == core.Wait || e.Reply == core.WaitOrServe {
		c.watched.attended = true
	}
	c.notifies(in, e)
	joined := c.round
	switch {
	case e.Reply == core.Wait, e.Reply == core.WaitOrServe, actedOn(e), e.Withdraw && c.running && !c.failureReported:
		c.round = true
	}
	switch in.Kind {
	case core.Get:
		c.checkReplyToGet(wall, in, e, joined)
	case core.Invalidate:
		stale := !in.Current && !c.closed
		c.broken(stale && e.Withdraw && wall.Before(c.token.effectiveExpiry), "M12", "a stale rejection withdraws the token")
		c.broken(stale && e.Reply == core.Suppressed, "M12", "a stale rejection is suppressed")
		acted := in.Current && (e.Reply == core.Done || e.Reply == core.Wait)
		c.broken(acted && !c.closed && !c.running && !e.Armed && e.Release == core.None && c.tokenOn, "M12", "no fetch follows a rejection")
	case core.Close:
		if !c.closed {
			c.closed, c.closedAt = true, c.p.uptime()
		}
	}
}

// checkReplyToGet checks the reply to a caller that wants a token. joined: a round was on.
func (c *checker) checkReplyToGet(wall time.Time, in core.Input, e *core.Effects, joined bool) {
	longer := c.wantsLonger(wall, in)
	if longer {
		c.checkLonger(in, e, joined)
	} else {
		c.checkGet(in, e)
	}
	c.broken(c.closed && e.Reply != core.Shut, "M14", "a caller gets the reply %q after Close", replyWords[e.Reply])
	if e.Reply == core.Failed {
		blocked := c.abandoned >= 3 && !c.running
		c.broken(!blocked && !(c.failures.on && (c.failures.kind != "M8" || len(c.contests.contesting) > 0 || longer) && c.elapsed <= c.failures.by+slack), "M9", "a caller is refused though no backoff is on")
		c.p.w.coverIf(blocked, CoverBlocked)
	}
	c.p.w.coverIf(e.Reply == core.Wait && !c.running && !e.Fetch && c.elapsed < c.gate, CoverWaitsForTheSecond)
}
