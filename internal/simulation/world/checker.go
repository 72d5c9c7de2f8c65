package world

import (
	"slices"
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
	round           bool         // a caller may be waiting
	gate            core.Elapsed // no fetch sooner, except by a manual refresh (M5, M6)
	failures        failures
	watched         watchRecord
	tokenOn         bool
	idle            bool // unless a reader has found due passed since
	token           held
	result          core.Result
	resultStart     time.Time
	byHand          bool // the round was started or hastened by Refresh
	repeated        bool // the value that came last was that of an expired token, again
	closed          bool
	closedAt        time.Duration
}

// held is the published token as the checker computes it.
type held struct {
	value           int64
	number          uint64
	effectiveExpiry time.Time
	timerAt         time.Duration
	refreshTime     time.Time
	earliestRefresh time.Time
	repeated        bool
	life            time.Duration // from the start of its fetch to the effective expiry
	published       core.Elapsed
}

// failures is the state of the backoffs as the checker computes it.
type failures struct {
	on        bool
	kind      string // "M8", "M9" or "M10"
	hold      bool   // the endpoint asked for it, so that the loss of a token does not lift it
	from, by  core.Elapsed
	transient int
	permanent int
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
	}
	if in.Kind == core.Fetched {
		c.result = in.Result
		c.resultStart = c.p.w.arriving.start
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
			c.running, c.lastEnd = false, c.elapsed
			if ev.Class == core.ClassOK || ev.Class == core.ClassExpiredOnArrival {
				c.causes()
			}
			if ev.Class == core.ClassExpiredOnArrival {
				c.gate = c.began + time.Second
				again := in.Result.Same && e.Release != core.ServeExpired
				atOnce := again && !c.repeated
				if atOnce {
					// The first time that the value comes again, the endpoint is asked sooner (M6).
					c.gate = min(c.gate, c.elapsed+50*time.Millisecond)
				}
				c.repeated = again
				if (!c.tokenOn || in.Result.Same) && (!in.Watched || atOnce) {
					c.failures = failures{}
				}
				c.watched.free = !c.tokenOn
				c.p.w.cover(CoverExpiredOnArrival)
			}
		case core.FetchAbandoned:
			c.abandons(ev)
		case core.LateResult:
			c.abandoned--
			c.p.w.cover(CoverLateResult)
			c.p.w.coverIf(c.tokenOn, CoverLateResultBesideToken)
			c.broken(e.Publish, "M15", "the late result of an abandoned fetch is published")
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
			c.broken(in.Kind != core.CredentialsChecked || !in.Changed || c.failures.kind != "M10", "F4", "a backoff is lifted though no credentials were corrected")
			c.failures.on = false
			c.p.w.cover(CoverCredentialsLiftBackoff)
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
	c.running, c.failureReported, c.began = true, false, c.elapsed
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

// publishes recomputes from the contract what the core made of an endpoint's word.
func (c *checker) publishes(wall time.Time, e *core.Effects) {
	p := e.Publication
	c.broken(c.closed, "M14", "a token is published after Close")
	expiry := c.result.Expiry
	if expiry.IsZero() {
		expiry = c.resultStart.Add(c.p.w.policy.DefaultLifetime)
	}
	if latest := c.resultStart.Add(365 * 24 * time.Hour); expiry.After(latest) {
		expiry = latest
		c.p.w.cover(CoverLifetimeClamped)
	}
	c.broken(!p.Expiry.Equal(expiry), "M7", "a token's expiry is %v, and ought to be %v", p.Expiry, expiry)
	life := expiry.Sub(c.resultStart)
	usable := life - min(10*time.Second, life/10)
	if margin := c.p.w.policy.Margin; margin > 0 {
		usable = life - min(margin, life/2)
	}
	end := c.resultStart.Add(usable)
	if c.result.Same {
		c.p.w.cover(CoverSameValue)
		c.broken(p.RefreshTime.Before(c.resultStart.Add(min(usable, life-time.Second))), "M5", "a repeated token is due before its effective expiry")
		end = expiry
	} else {
		c.broken(p.RefreshTime.Before(c.resultStart.Add(usable/2)) || p.RefreshTime.After(end), "M4", "due %v after the start, of a usable life of %v", p.RefreshTime.Sub(c.resultStart), usable)
	}
	c.broken(!p.EffectiveExpiry.Equal(end), "M2", "a token's end is %v, and ought to be %v", p.EffectiveExpiry, end)
	left := min(end.Sub(wall), end.Sub(c.resultStart)-(c.elapsed-c.began))
	c.broken(left <= 0, "M6", "an expired token is published")
	c.broken(p.Life != left, "M2", "a token is published for %v, and ought to be for %v", p.Life, left)
	c.gate = 0
	if c.result.Same || life < time.Second {
		c.gate = c.began + time.Second
	}
	c.failures = failures{}
	c.endsContest(c.result.Same)
	c.repeated = false
	c.tokenOn, c.idle = true, false
	c.token = held{
		value: c.p.w.arriving.value, number: p.Number, effectiveExpiry: end, timerAt: c.p.uptime() + left, refreshTime: p.RefreshTime,
		earliestRefresh: c.resultStart.Add(usable / 2), repeated: c.result.Same,
		life: end.Sub(c.resultStart), published: c.elapsed,
	}
	if c.result.Same {
		c.token.earliestRefresh = p.RefreshTime
	}
}

func (c *checker) withdraws(wall time.Time, in core.Input) {
	timer := in.Kind == core.Expire && in.Publication == c.token.number
	over := !wall.Before(c.token.effectiveExpiry)
	c.broken(!timer && !over && in.Kind != core.Close && in.Kind != core.Fetched, "M12", "a usable token is withdrawn for no reason")
	c.p.w.coverIf(timer && !over, CoverWithdrawnByTimerAlone)
	c.p.w.coverIf(over && !timer && c.p.uptime() < c.token.timerAt, CoverWithdrawnByClockAlone)
	c.tokenOn = false
	contested := len(c.contests.contesting) > 0
	c.contests.contesting, c.contests.failed = c.contests.contesting[:0], false
	if c.failures.kind == "M8" || c.failures.kind == "M9" && contested && !c.failures.hold {
		c.p.w.coverIf(c.failures.on, CoverLossLiftsBackoff)
		c.failures.on = false
	}
	c.p.w.coverIf(c.running, CoverRefreshBecomesRound)
}

// longestSuppression is how long a path that has accepted no token may have to wait for the allowance: half of it is
// kept for the others, and one fetch is regained a minute (M13).
const longestSuppression = 5 * time.Minute

func (c *checker) suppresses(in core.Input, ev core.Event) {
	full := len(c.contests.contesting) >= 64 && !slices.Contains(c.contests.contesting, in.Origin)
	c.broken(c.running && !c.failureReported && !full, "M12", "a rejection is suppressed though a fetch is in flight")
	switch {
	case c.abandoned >= 3:
		c.p.w.cover(CoverSuppressedByAbandoned)
	case c.failures.on && c.elapsed < c.failures.by && c.failures.kind != "M8":
		c.p.w.cover(CoverSuppressedByBackoff)
	case full:
		c.p.w.cover(CoverSuppressedBeyond64)
	default:
		c.p.w.cover(CoverSuppressedByGuard)
		c.broken(!c.origin(in.Origin).unaccountable() && !c.p.w.drawn.ManyAPIs, "M13", "a rejection by origin %d is suppressed, which has accepted every retry", in.Origin)
		c.broken(!ev.Until.IsZero() && ev.Until.Sub(c.last) > longestSuppression+slack, "M13", "a rejection is suppressed for %v", ev.Until.Sub(c.last))
	}
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
		return // read before due by the clock, when it had passed by the timer: the next reader will say so
	}
	allowed := c.gate
	rule := "M4"
	if c.failures.on {
		allowed, rule = max(allowed, c.failures.by), "M8"
	}
	c.broken(c.last.After(c.token.refreshTime.Add(slack)) && c.elapsed > allowed+slack, rule,
		"a token in use is not refreshed %v after it was due", c.last.Sub(c.token.refreshTime))
}

// recoveredBy is until when a process may be suffering from a step back of its clock, which it found out only now: it
// has lost whatever time had gone by unseen, so a guard or a backoff that was over for everybody else goes on for it.
func (c *checker) recoveredBy() time.Duration {
	if c.lost == 0 {
		return 0
	}
	return c.lostAt + c.p.w.recovered - c.p.w.faultsEnd
}

// handsOut checks a token that is handed out from the snapshot.
func (c *checker) handsOut(value int64, to *caller) {
	if !c.tokenOn || c.token.value != value {
		c.p.w.violate(c.p, "M2", "a token is handed out that is not the published one")
		return
	}
	wall := c.p.wall()
	c.broken(!wall.Before(c.token.effectiveExpiry), "M2", "a token is handed out %v after its effective expiry", wall.Sub(c.token.effectiveExpiry))
	c.broken(c.p.uptime() > c.token.timerAt, "M2", "a token is handed out %v after its timer ought to have fired", c.p.uptime()-c.token.timerAt)
	c.broken(c.closed, "M14", "a token is handed out after Close")
	origin := to.origin()
	c.broken(origin != 0 && !c.contests.again && slices.Contains(c.contests.contesting, origin), "M21", "origin %d is handed the token that it rejected", origin)
}

func (c *checker) broken(is bool, rule, format string, args ...any) {
	if is {
		c.p.w.violate(c.p, rule, format, args...)
	}
}

// subject and detail are what a trace's line says of an event.
func subject(ev core.Event) uint64 {
	if ev.Flight != 0 {
		return ev.Flight
	}
	return ev.Token
}

func detail(ev core.Event) int64 {
	switch ev.Kind {
	case core.FetchStarted:
		return int64(ev.Cause)
	case core.FetchEnded:
		return int64(ev.Class)
	case core.Guarded:
		return int64(ev.Origin) - 1
	case core.Published, core.RejectionSuppressed, core.BackedOff:
		if !ev.Until.IsZero() {
			return int64(ev.Until.Sub(epoch))
		}
	}
	return 0
}
