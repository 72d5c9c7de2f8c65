package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// checker holds one process against the contract. It keeps its own record, from what goes into the core and what comes out
// of it, and never looks inside.
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
	rejected        bool            // one was acted on
	recent          [7]core.Elapsed // when fetches for rejections started
	failureReported bool            // the fetch in flight has outlived its round
	round           bool            // a caller may be waiting
	gate            core.Elapsed    // no fetch sooner, except by a manual refresh (M5, M6)
	failures        failures
	tokenOn         bool
	idle            bool // unless a reader has found due passed since
	token           held
	result          core.Result
	resultStart     time.Time
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
}

// failures is the state of the backoffs as the checker computes it.
type failures struct {
	on        bool
	kind      string // "M8", "M9" or "M10"
	from, by  core.Elapsed
	transient int
	permanent int
}

const slack = time.Millisecond

func (l *checker) before(wall time.Time, in core.Input) {
	if !l.started {
		l.started, l.last, l.seen = true, wall, l.p.uptime()
	}
	if d := wall.Sub(l.last); d >= 0 {
		l.elapsed += d
	} else {
		l.lost += l.p.uptime() - l.seen
		l.lostAt = l.p.w.now
		l.p.w.coverIf(l.failures.on, CoverStepBackInBackoff)
	}
	l.last, l.seen = wall, l.p.uptime()
	if in.Kind == core.Wake {
		l.elapsed = max(l.elapsed, in.At)
	}
	if in.Kind == core.Fetched {
		l.result = in.Result
		l.resultStart = l.p.w.arriving.start
	}
}

// after checks what a step decided.
func (l *checker) after(wall time.Time, in core.Input, e *core.Effects) {
	if in.Kind == core.Refresh && e.Reply == core.Wait {
		l.p.w.coverIf(l.failures.on, CoverManualLiftsBackoff)
		l.failures.on, l.gate = false, 0
	}
	for _, ev := range e.Events[:e.N] {
		l.p.note(line{what: wEvents + what(ev.Kind), a: int64(subject(ev)), b: detail(ev)})
		switch ev.Kind {
		case core.FetchStarted:
			l.fetchStarts(wall, in, e, ev)
		case core.FetchEnded:
			l.running, l.lastEnd = false, l.elapsed
			if ev.Class == core.ClassExpiredOnArrival {
				l.gate = l.began + time.Second
				if !l.tokenOn || in.Result.Same {
					l.failures = failures{}
				}
				l.p.w.cover(CoverExpiredOnArrival)
			}
		case core.FetchAbandoned:
			l.abandons(ev)
		case core.LateResult:
			l.abandoned--
			l.p.w.cover(CoverLateResult)
			l.p.w.coverIf(l.tokenOn, CoverLateResultBesideToken)
			l.broken(e.Publish, "M15", "the late result of an abandoned fetch is published")
		case core.Published:
			l.publishes(wall, e)
		case core.Withdrawn:
			l.withdraws(wall, in)
		case core.Rejected:
			l.broken(in.Kind != core.Invalidate || !in.Current, "M12", "a rejection that does not name the current token is acted on")
			l.rejected = true
			if l.failures.kind == "M8" {
				l.failures.on = false
			}
		case core.RejectionSuppressed:
			l.suppresses(ev)
		case core.BackedOff:
			l.backsOff(wall, e, ev)
		case core.WentIdle:
			l.broken(in.Read && !e.Publish, "M16", "a token in use becomes idle")
			l.idle = true
			l.p.w.cover(CoverIdle)
		}
	}
	l.checkReplies(wall, in, e)
}

func (l *checker) fetchStarts(wall time.Time, in core.Input, e *core.Effects, ev core.Event) {
	l.broken(l.running, "M3", "fetch %d starts while another one is in flight", ev.Flight)
	l.broken(l.abandoned >= 3, "M15", "fetch %d starts beside 3 abandoned ones", ev.Flight)
	l.broken(l.closed, "M14", "fetch %d starts after Close", ev.Flight)
	byHand := ev.Cause == core.CauseManual || in.Kind == core.Refresh
	l.broken(l.failures.on && !byHand && ev.Attempt == 1 && l.elapsed < l.failures.from-slack, l.failures.kind,
		"fetch %d starts %v before its backoff is over", ev.Flight, l.failures.from-l.elapsed)
	l.broken(!byHand && ev.Attempt == 1 && l.elapsed < l.gate-slack, "M6", "fetch %d starts %v too soon after the last one", ev.Flight, l.gate-l.elapsed)
	if ev.Attempt > 1 {
		l.broken(ev.Attempt > 3, "M9", "attempt %d of a round", ev.Attempt)
		l.broken(!byHand && l.elapsed < l.lastEnd+50*time.Millisecond-slack, "M9", "attempt %d comes %v after the one before", ev.Attempt, l.elapsed-l.lastEnd)
	}
	if ev.Cause == core.CauseRejected {
		l.broken(l.rejections > 0 && l.elapsed < l.rejection+time.Second-slack, "M13", "two fetches for rejections %v apart", l.elapsed-l.rejection)
		l.rejection = l.elapsed
		l.rejections++
		l.always()
	}
	// The step's own publication, if it has one, is not recorded yet: it is read if a caller waited for it.
	if ev.Cause == core.CauseRefresh || ev.Cause == core.CauseRetry && ev.Attempt == 1 && l.tokenOn && in.Kind != core.Refresh {
		l.broken(!in.Read && in.Kind != core.Fetched && e.Reply != core.Serve, "M16", "a token that no caller has read is refreshed")
		l.broken(!l.p.stepped && l.p.w.parameters.Drift == 0 && l.tokenOn && wall.Before(l.token.earliestRefresh.Add(-slack)), "M4", "refreshed %v before half its usable life", l.token.earliestRefresh.Sub(wall))
	}
	if l.tokenOn && l.token.repeated {
		l.gate = l.elapsed + time.Second
	}
	l.running, l.failureReported, l.began = true, false, l.elapsed
}

// always checks what an API that rejects everything may cost, where no other API rejects anything: in any minute no more than
// a first fetch and one after each of 1, 2, 4, 8, 16 and 32 s.
func (l *checker) always() {
	k := &l.p.w.drawn
	if !k.AlwaysReject || k.Lifetime <= time.Minute || k.Revocations > 0 || k.KeyLag > 0 || k.Late > 0 || k.Manual || k.ManyAPIs ||
		k.Outage > 0 || k.Stuck > 0 || k.Slow > 0 {
		return
	}
	const most = 7
	if l.rejections > most {
		since := l.elapsed - l.recent[l.rejections%most]
		l.broken(since < 59*time.Second, "M13", "%d fetches within %v for an API that rejects everything", most+1, since)
	}
	l.recent[l.rejections%most] = l.elapsed
}

func (l *checker) abandons(ev core.Event) {
	l.running, l.lastEnd = false, l.elapsed
	l.abandoned++
	l.broken(l.abandoned > 3, "M15", "%d fetches are abandoned", l.abandoned)
	l.p.w.cover(CoverAbandoned)
	l.p.w.coverIf(l.abandoned == 3, CoverThreeAbandoned)
	for i := range l.p.flights {
		if f := &l.p.flights[i]; f.id == ev.Flight {
			l.broken(!f.cancelled, "M15", "fetch %d is abandoned without having been cancelled", f.id)
			f.abandoned = true
		}
	}
}

// publishes recomputes from the contract what the core made of an endpoint's word.
func (l *checker) publishes(wall time.Time, e *core.Effects) {
	p := e.Publication
	l.broken(l.closed, "M14", "a token is published after Close")
	expiry := l.result.Expiry
	if expiry.IsZero() {
		expiry = l.resultStart.Add(5 * time.Minute)
	}
	if latest := l.resultStart.Add(365 * 24 * time.Hour); expiry.After(latest) {
		expiry = latest
		l.p.w.cover(CoverLifetimeClamped)
	}
	l.broken(!p.Expiry.Equal(expiry), "M7", "a token's expiry is %v, and ought to be %v", p.Expiry, expiry)
	life := expiry.Sub(l.resultStart)
	usable := life - min(10*time.Second, life/10)
	end := l.resultStart.Add(usable)
	if l.result.Same {
		l.p.w.cover(CoverSameValue)
		l.broken(p.RefreshTime.Before(l.resultStart.Add(min(usable, life-time.Second))), "M5", "a repeated token is due before its effective expiry")
		end = expiry
	} else {
		l.broken(p.RefreshTime.Before(l.resultStart.Add(usable/2)) || p.RefreshTime.After(end), "M4", "due %v after the start, of a usable life of %v", p.RefreshTime.Sub(l.resultStart), usable)
	}
	l.broken(!p.EffectiveExpiry.Equal(end), "M2", "a token's end is %v, and ought to be %v", p.EffectiveExpiry, end)
	left := min(end.Sub(wall), end.Sub(l.resultStart)-(l.elapsed-l.began))
	l.broken(left <= 0, "M6", "an expired token is published")
	l.broken(p.Life != left, "M2", "a token is published for %v, and ought to be for %v", p.Life, left)
	l.gate = 0
	if l.result.Same || life < time.Second {
		l.gate = l.began + time.Second
	}
	l.failures = failures{}
	l.tokenOn, l.idle = true, false
	l.token = held{
		value: l.p.w.arriving.value, number: p.Number, effectiveExpiry: end, timerAt: l.p.uptime() + left, refreshTime: p.RefreshTime,
		earliestRefresh: l.resultStart.Add(usable / 2), repeated: l.result.Same,
	}
	if l.result.Same {
		l.token.earliestRefresh = p.RefreshTime
	}
}

func (l *checker) withdraws(wall time.Time, in core.Input) {
	timer := in.Kind == core.Expire && in.Publication == l.token.number
	rejected := in.Kind == core.Invalidate && in.Current
	over := !wall.Before(l.token.effectiveExpiry)
	l.broken(!timer && !rejected && !over && in.Kind != core.Close && in.Kind != core.Fetched, "M12", "a usable token is withdrawn for no reason")
	l.p.w.coverIf(timer && !over, CoverWithdrawnByTimerAlone)
	l.p.w.coverIf(over && !timer && l.p.uptime() < l.token.timerAt, CoverWithdrawnByClockAlone)
	l.tokenOn = false
	if l.failures.kind == "M8" {
		l.p.w.coverIf(l.failures.on, CoverLossLiftsBackoff)
		l.failures.on = false
	}
	l.p.w.coverIf(l.running, CoverRefreshBecomesRound)
}

func (l *checker) suppresses(ev core.Event) {
	l.broken(l.running && !l.failureReported, "M12", "a rejection is suppressed though a fetch is in flight")
	switch {
	case l.abandoned >= 3:
		l.p.w.cover(CoverSuppressedByAbandoned)
	case l.failures.on && l.elapsed < l.failures.by && l.failures.kind != "M8":
		l.p.w.cover(CoverSuppressedByBackoff)
	case l.rejections > 0 && l.elapsed < l.rejection+time.Second:
		l.p.w.cover(CoverSuppressedByTheSecond)
	default:
		l.p.w.cover(CoverSuppressedByGuard)
		l.broken(!l.rejected, "M13", "a first rejection is suppressed without need")
		l.broken(!ev.Until.IsZero() && ev.Until.Sub(l.last) > time.Minute+slack, "M13", "a rejection is suppressed for %v", ev.Until.Sub(l.last))
	}
}

// backsOff recomputes how long the backoff may be.
func (l *checker) backsOff(wall time.Time, e *core.Effects, ev core.Event) {
	f := &l.failures
	var least, most time.Duration
	switch {
	case e.Failure.Permanent:
		f.kind = "M10"
		most = min(5*time.Second<<min(f.permanent, 10), time.Minute)
		least = most
		f.permanent++
	default:
		longest := time.Minute
		f.kind = "M8"
		if e.Release == core.Failed || !l.tokenOn {
			f.kind, longest = "M9", 10*time.Second
		}
		most = min(500*time.Millisecond<<min(f.transient, 20), longest)
		least = most / 2
		f.transient++
	}
	if after := l.result.RetryAfter; after > 0 && e.Failure.Kind == core.Returned {
		l.p.w.coverIf(after > 10*time.Minute, CoverRetryAfterCapped)
		after = min(after, 10*time.Minute)
		least, most = max(least, after), max(most, after)
	}
	wait := ev.Until.Sub(wall)
	l.broken(wait < least-slack || wait > most+slack, f.kind, "a backoff of %v, where the rule has %v to %v", wait, least, most)
	l.failureReported = l.running
	f.on, f.from, f.by = true, l.elapsed+least, l.elapsed+most
}

// checkReplies checks the replies to callers.
func (l *checker) checkReplies(wall time.Time, in core.Input, e *core.Effects) {
	l.broken(e.Release == core.Failed && e.Failure.Kind == core.NoFailure, "M9", "those who wait are failed though no round has ended")
	if e.Release != core.None {
		l.round = false
	}
	switch {
	case e.Reply == core.Wait, in.Kind == core.Invalidate && in.Current && e.Reply == core.Done, e.Withdraw && l.running && !l.failureReported:
		l.round = true
	}
	switch in.Kind {
	case core.Get:
		l.broken(l.closed && e.Reply != core.Shut, "M14", "a caller gets the reply %q after Close", replyWords[e.Reply])
		if e.Reply == core.Failed {
			blocked := l.abandoned >= 3 && !l.running
			l.broken(!blocked && !(l.failures.on && l.failures.kind != "M8" && l.elapsed <= l.failures.by+slack), "M9", "a caller is refused though no backoff is on")
			l.p.w.coverIf(blocked, CoverBlocked)
		}
		l.p.w.coverIf(e.Reply == core.Wait && !l.running && !e.Fetch && l.elapsed < l.gate, CoverWaitsForTheSecond)
	case core.Invalidate:
		stale := !in.Current && !l.closed
		l.broken(stale && e.Withdraw && wall.Before(l.token.effectiveExpiry), "M12", "a stale rejection withdraws the token")
		l.broken(stale && e.Reply == core.Suppressed, "M12", "a stale rejection is suppressed")
		acted := in.Current && (e.Reply == core.Done || e.Reply == core.Wait)
		l.broken(acted && !l.closed && !l.running && !e.Armed && e.Release == core.None && l.tokenOn, "M12", "no fetch follows a rejection")
	case core.Close:
		if !l.closed {
			l.closed, l.closedAt = true, l.p.uptime()
		}
	}
}

// settled checks how things stand once everything was done that a step decided.
func (l *checker) settled(e *core.Effects) {
	p := l.p
	l.broken(e.Armed && p.core.Left(e.Wake) <= 0, "M17", "a deadline %v in the past is left unhandled", -p.core.Left(e.Wake))
	l.broken(len(p.waiting) > 0 && !l.running && !e.Armed, "M9", "%d callers wait, and nothing will ever wake them", len(p.waiting))
	l.broken(l.closed && len(p.waiting) > 0, "M14", "callers wait after Close")
	l.broken(l.closed && !e.Ended && p.uptime() > l.closedAt+5*time.Second+l.lost+slack, "M14", "%v after Close something still runs", p.uptime()-l.closedAt)
	if len(p.waiting) > 0 {
		t := p.waiting[0]
		l.broken(p.uptime()-t.since > 11*time.Second+2*(l.lost-t.lost)+200*slack, "M9", "a caller has been waiting for %v", p.uptime()-t.since)
	}
	if l.closed || l.running || !l.tokenOn || l.abandoned >= 3 || p.published.attention == unread || l.round {
		return
	}
	if l.idle && p.published.attention != hinted {
		return // read before due by the clock, when it had passed by the timer: the next reader will say so
	}
	allowed := l.gate
	rule := "M4"
	if l.failures.on {
		allowed, rule = max(allowed, l.failures.by), "M8"
	}
	l.broken(l.last.After(l.token.refreshTime.Add(slack)) && l.elapsed > allowed+slack, rule,
		"a token in use is not refreshed %v after it was due", l.last.Sub(l.token.refreshTime))
}

// recoveredBy is until when a process may be suffering from a step back of its clock, which it found out only now: it has lost
// whatever time had gone by unseen, so a guard or a backoff that was over for everybody else goes on for it.
func (l *checker) recoveredBy() time.Duration {
	if l.lost == 0 {
		return 0
	}
	return l.lostAt + l.p.w.recovered - l.p.w.faultsEnd
}

// handsOut checks a token that is handed out from the snapshot.
func (l *checker) handsOut(value int64) {
	if !l.tokenOn || l.token.value != value {
		l.p.w.violate(l.p, "M2", "a token is handed out that is not the published one")
		return
	}
	wall := l.p.wall()
	l.broken(!wall.Before(l.token.effectiveExpiry), "M2", "a token is handed out %v after its effective expiry", wall.Sub(l.token.effectiveExpiry))
	l.broken(l.p.uptime() > l.token.timerAt, "M2", "a token is handed out %v after its timer ought to have fired", l.p.uptime()-l.token.timerAt)
	l.broken(l.closed, "M14", "a token is handed out after Close")
}

func (l *checker) broken(is bool, rule, format string, args ...any) {
	if is {
		l.p.w.violate(l.p, rule, format, args...)
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
	case core.Published, core.RejectionSuppressed, core.BackedOff:
		if !ev.Until.IsZero() {
			return int64(ev.Until.Sub(epoch))
		}
	}
	return 0
}
