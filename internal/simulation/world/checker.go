package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// checker holds one process against the contract. It keeps its own record, from what goes into the core and what comes
// out of it, and never looks inside.
type checker struct {
	p *process

	// Time as the process can know it: the wall clock's way forward, and what timers prove.
	started bool
	last    time.Time
	elapsed core.Elapsed
	seen    time.Duration // when it last looked, in uptime
	lost    time.Duration // at most so much went by unseen before steps back
	lostAt  time.Duration // when that was last found out

	running         bool
	began           core.Elapsed
	abandoned       int
	lastEnd         core.Elapsed
	rejection       core.Elapsed // when the last fetch for a rejection started
	rejections      int
	contests        contests
	failureReported bool         // the fetch in flight has outlived its round
	stale           bool         // a token came from elsewhere during the fetch in flight
	offered         bool         // the token at hand comes from elsewhere
	round           bool         // a caller may be waiting
	gate            core.Elapsed // no fetch sooner, except by a manual refresh (M5, M6)
	failures        failures
	watched         watchRecord
	tokenOn         bool
	idle            bool // unless a reader has found the refresh time passed since
	token           tokenRecord
	result          core.Result
	resultStart     time.Time
	byHand          bool // the round was started or hastened by Refresh
	repeated        bool // the value that came last was that of an expired token, again
	closed          bool
	closedAt        time.Duration
}

const slack = time.Millisecond

func (c *checker) before(wall time.Time, in core.Input) {
	if !c.started {
		c.started, c.last, c.seen = true, wall, c.p.uptime()
	}
	if d := wall.Sub(c.last); d >= 0 {
		c.elapsed += d
	} else {
		c.lost += c.p.uptime() - c.seen
		c.lostAt = c.p.w.now
		c.p.w.coverIf(c.failures.on, CoverStepBackInBackoff)
	}
	c.last, c.seen = wall, c.p.uptime()
	if in.Kind == core.Wake {
		c.elapsed = max(c.elapsed, in.At)
	}
	c.watches(in)
	switch in.Kind {
	case core.Invalidate:
		if !c.closed {
			c.hears(in.Origin)
		}
	case core.ReportOutcome:
		c.hearsOutcome(in)
	case core.Fetched:
		c.result, c.resultStart = in.Result, c.p.w.arriving.start
	case core.Offered:
		c.result, c.resultStart = in.Result, in.Start
	}
}

// after checks what a step decided.
func (c *checker) after(wall time.Time, in core.Input, e *core.Effects) {
	if in.Kind == core.Refresh && e.Reply == core.Wait {
		c.p.w.coverIf(c.failures.on, CoverManualLiftsBackoff)
		c.failures.on, c.gate, c.byHand = false, 0, true
	}
	for _, ev := range e.Events[:e.N] {
		c.p.note(line{what: wEvents + what(ev.Kind), a: int64(subject(ev)), b: detail(ev)})
		switch ev.Kind {
		case core.FetchStarted:
			c.fetchStarts(wall, in, e, ev)
		case core.FetchEnded:
			c.fetchEnds(in, e, ev)
		case core.FetchAbandoned:
			c.abandons(ev)
		case core.LateResult:
			c.abandoned--
			c.p.w.cover(CoverLateResult)
			c.p.w.coverIf(c.tokenOn, CoverLateResultBesideToken)
			c.broken(e.Publish && in.Kind == core.Fetched, "M15", "the late result of an abandoned fetch is published")
		case core.Published:
			c.publishes(wall, e)
		case core.Withdrawn:
			c.withdraws(wall, in)
		case core.Rejected:
			c.rejects(in)
		case core.RejectionSuppressed:
			c.suppresses(in, ev)
		case core.BackedOff:
			c.backsOff(wall, e, ev)
		case core.Guarded:
			c.guards(ev)
		case core.BackoffLifted:
			c.liftsBackoff(in)
		case core.WentIdle:
			c.broken(in.Watched, "W2", "a watched token becomes idle")
			c.broken(in.Read && !e.Publish, "M16", "a token in use becomes idle")
			c.idle = true
			c.p.w.cover(CoverIdle)
		}
	}
	c.settlesOutcome(in)
	c.checkReplies(wall, in, e)
}

// settled checks how things stand once everything was done that a step decided.
func (c *checker) settled(e *core.Effects) {
	p := c.p
	c.broken(e.Armed && p.core.Left(e.Wake) <= 0, "M17", "a deadline %v in the past is left unhandled", -p.core.Left(e.Wake))
	c.broken(len(p.waiting) > 0 && !c.running && !e.Armed, "M9", "%d callers wait, and nothing will ever wake them", len(p.waiting))
	c.broken(c.closed && len(p.waiting) > 0, "M14", "callers wait after Close")
	c.broken(c.closed && !e.Ended && p.uptime() > c.closedAt+5*time.Second+c.lost+slack, "M14", "%v after Close something still runs", p.uptime()-c.closedAt)
	c.settledWatched(e)
	if len(p.waiting) > 0 {
		t := p.waiting[0]
		c.broken(p.uptime()-t.since > 11*time.Second+2*(c.lost-t.lost)+200*slack, "M9", "a caller has been waiting for %v", p.uptime()-t.since)
	}
	if c.closed || c.running || !c.tokenOn || c.abandoned >= 3 || p.published.attention == unread && !c.watched.on || c.round {
		return
	}
	if c.idle && !c.watched.on && p.published.attention != hinted {
		return // read before the refresh time by the clock, when it had passed by the timer: the next reader will say so
	}
	allowed := c.gate
	rule := "M4"
	if c.failures.on {
		allowed, rule = max(allowed, c.failures.by), "M8"
	}
	c.broken(c.last.After(c.token.refreshTime.Add(slack)) && c.elapsed > allowed+slack, rule,
		"a token in use is not refreshed %v after its refresh time", c.last.Sub(c.token.refreshTime))
}

// recoveredBy is until when a process may be suffering from a step back of its clock, which it found out only now: it
// has lost whatever time had gone by unseen, so a guard or a backoff that was over for everybody else goes on for it.
func (c *checker) recoveredBy() time.Duration {
	if c.lost == 0 {
		return 0
	}
	return c.lostAt + c.p.w.recovered - c.p.w.faultsEnd
}

func (c *checker) broken(is bool, rule, format string, args ...any) {
	if is {
		c.p.w.violate(c.p, rule, format, args...)
	}
}
