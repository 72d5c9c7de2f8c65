package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// follow updates the checker by the events of a step, in their order, and checks each against it.
func (t *step) follow() {
	for i := range t.effects.N {
		switch ev := &t.effects.Events[i]; ev.Kind {
		case core.FetchStarted:
			t.onStart(ev)
		case core.FetchEnded:
			t.onEnd(ev)
		case core.FetchAbandoned:
			t.onAbandon()
		case core.LateResult:
			t.abandoned--
		case core.Published:
			t.onPublish()
		case core.Withdrawn:
			t.onWithdraw()
		case core.Rejected:
			t.onReject()
		case core.RejectionSuppressed:
			t.onSuppress()
		case core.BackedOff:
			t.onBackOff(ev)
		case core.Guarded:
			t.onGuard(ev)
		case core.BackoffLifted:
			if t.in.Kind != core.CredentialsChecked || !t.in.Changed {
				t.fail("F4", "a backoff is lifted, and no credentials have changed")
			}
			t.checker.lift()
		case core.WentIdle:
			if t.watchers.count() > 0 {
				t.fail("W2", "a watched token becomes idle")
			}
			if t.was.snapshot.attention != unread && t.snapshot.publication == t.was.snapshot.publication {
				t.fail("M16", "a token that was read becomes idle")
			}
		}
	}
	t.onAccepted()
	t.updateExpectations()
}

// updateExpectations notes what no event reports.
func (t *step) updateExpectations() {
	l, e := &t.checker, &t.effects
	if t.byHand() {
		l.lift()
		l.gate = 0
		if e.Fetch && t.snapshot.on && l.repeated {
			l.gate = second
		}
	}
	if e.Release != core.None {
		l.attended = false // the round before: who waits now, waits for the next
	}
	if e.Reply == core.Wait || e.Reply == core.WaitOrServe {
		l.round, l.attended = true, t.world.Watchers > 0
	}
	switch {
	case e.Release == core.Serve || e.Release == core.ServeExpired:
		l.round = e.Fetch && !t.snapshot.on // the next one, for watchers
		t.contests.failed = t.contests.failed || e.Release == core.ServeExpired && t.contests.contesting != 0
	case e.Release == core.Failed && !t.has(core.BackedOff):
		// Being blocked takes the place of a backoff, and of a pause between attempts.
		l.round = false
		l.lift()
	}
	if t.in.Watched && t.in.Kind == core.Watch && e.Reply == core.Failed || e.Notify == core.Failed {
		l.outageKnown = true
	}
	if e.Notify == core.Serve || !t.in.Watched {
		l.outageKnown = false
	}
	if e.Release == core.Failed {
		t.contests.failed = t.contests.contesting != 0
	}
}

// byHand: a caller called Refresh, and it was not refused (M20).
func (t *step) byHand() bool { return t.in.Kind == core.Refresh && t.effects.Reply == core.Wait }

func (t *step) onStart(ev *core.Event) {
	l := &t.checker
	switch {
	case t.flight.on:
		t.fail("M3", "a second fetch starts while one is in flight")
	case t.abandoned >= 3:
		t.fail("M15", "a fetch starts while 3 that were abandoned have not returned")
	case t.was.closed:
		t.fail("M14", "a fetch starts after Close")
	case ev.Attempt > t.policy.Attempts:
		t.fail("M9", "attempt %d of a round; there are %d", ev.Attempt, t.policy.Attempts)
	case l.quiet > t.slack && !t.byHand() && !(l.ofWatchers && !t.forWatchers()):
		t.fail("M9", "a fetch starts %v too early after others failed (M8, M9, M10)", l.quiet)
	case l.gate > t.slack && ev.Attempt == 1 && !t.byHand():
		t.fail("M6", "a fetch starts %v too early after one that brought no new life (M5, M6)", l.gate)
	}
	t.checkAttempt(ev)
	if !t.snapshot.on {
		l.round = true // of a caller, or of watchers
	}
	t.checkLongerStart(ev)
	if t.snapshot.on && l.repeated {
		l.gate = second
	}
	if ev.Cause == core.CauseRejected && !t.byHand() && !l.again {
		if l.sinceRejection+t.slack < second {
			t.fail("M13", "a rejection causes a fetch %v after the last that one caused", l.sinceRejection)
		}
		l.sinceRejection = 0
	}
}

// shortestPause is the least time between the attempts of a round.
const shortestPause = 50 * time.Millisecond

func (t *step) onEnd(ev *core.Event) {
	l := &t.checker
	t.moot, t.flight = l.failureReported, flight{}
	if t.was.flight.stale {
		if ev.Class != core.ClassStale || !t.effects.Late {
			t.fail("D1", "the result of a fetch is used, though a token came from elsewhere meanwhile")
		}
		return
	}
	want := core.ClassOK
	switch {
	case t.response.Kind == Permanent:
		want = core.ClassPermanent
	case t.response.Kind == Transient:
		want = core.ClassTransient
	case t.expected().expiredOnArrival():
		want = core.ClassExpiredOnArrival
	}
	if ev.Class != want {
		t.fail("M6", "a fetch that brought %v is taken for class %d instead of %d", t.response, ev.Class, want)
	}
	switch ev.Class {
	case core.ClassExpiredOnArrival:
		l.gate = max(second-t.was.flight.age, 0)
		again := t.response.Kind.again() && t.effects.Release != core.ServeExpired
		atOnce := again && !l.again
		if atOnce {
			l.gate = min(l.gate, shortestPause) // the first time that the value comes again, the endpoint is asked sooner (M6)
		}
		l.again = again
		if !t.snapshot.on && (!t.in.Watched || atOnce) {
			l.succeeded()
		} else if !t.snapshot.on && l.quiet > 0 {
			l.liftable, l.lossEnds, l.ofWatchers = true, false, true
		}
	case core.ClassTransient, core.ClassPermanent:
		t.pause()
	}
}

// pause keeps the attempts of a round apart. A failure that ends it replaces this by a backoff.
func (t *step) pause() {
	if t.checker.round && t.checker.quiet < shortestPause {
		t.checker.holdOff(shortestPause)
	}
}

func (t *step) onAbandon() {
	was := &t.was.flight
	if !was.on || !was.cancelled || was.overdue < 5*time.Second && !t.clockStepped() {
		t.fail("M15", "a fetch is abandoned that was not cancelled 5 s ago")
	}
	t.flight = flight{}
	t.abandoned++
	if t.abandoned > 3 {
		t.fail("M3", "%d fetches run that were abandoned", t.abandoned)
	}
	if !was.stale {
		t.pause()
	}
}

func (t *step) onPublish() {
	l := &t.checker
	l.succeeded()
	l.gate = 0
	l.repeated = t.response.Kind.again()
	if life := t.expected().life; l.repeated || life < second {
		l.gate = max(second-t.expected().age, 0)
	}
	l.again = false
	t.onValue(l.repeated)
}

func (t *step) onWithdraw() {
	t.checker.lost(t.contests.contesting != 0)
	t.contests.end()
	if t.flight.on && !t.checker.failureReported && t.in.Kind != core.Close {
		t.checker.round = true // the refresh in flight becomes the round of those who will wait (M9)
	}
}

// longestGuard is the longest that M13 makes a path wait: half of the allowance is kept for those that have accepted a
// token, and one fetch is regained a minute.
const longestGuard = 5 * time.Minute

func (t *step) onSuppress() {
	l, e := &t.checker, &t.effects
	if e.Until.IsZero() {
		if t.abandoned < 3 {
			t.fail("M12", "a rejection is suppressed without a time from when on it would not be")
		}
		return
	}
	if backoff := l.quiet > 0 && !l.liftable; !backoff && !t.contests.guarded.has(t.in.Origin) && !t.clockStepped() {
		t.fail("M13", "a rejection by API %d is suppressed, which is not guarded, outside a backoff", t.in.Origin)
	}
	l.retryAt = e.Until.Sub(t.core.Wall())
	if l.retryAt <= 0 || l.retryAt > max(longestGuard, l.quiet)+t.slack {
		t.fail("M13", "a rejection is suppressed for %v", l.retryAt)
	}
}

func (t *step) onBackOff(ev *core.Event) {
	l, e := &t.checker, &t.effects
	round := e.Release == core.Failed
	var full, half time.Duration
	if e.Failure.Permanent {
		full = doubled(t.policy.MinPermanentBackoff, l.permanent, t.policy.MaxPermanentBackoff)
		half = full
		l.permanent = counted(l.permanent, t.policy.MinPermanentBackoff, t.policy.MaxPermanentBackoff)
	} else {
		longest := t.policy.MaxBackoff
		if round || !t.snapshot.on {
			longest = min(longest, 10*time.Second)
		}
		full = doubled(t.policy.MinBackoff, l.transient, longest)
		half = full / 2
		l.transient = counted(l.transient, t.policy.MinBackoff, t.policy.MaxBackoff)
	}
	var hold bool
	if e.Failure.Kind == core.Returned {
		asked := min(t.response.RetryAfter, 10*time.Minute)
		hold = asked > 0 && asked >= full
		full, half = max(full, asked), max(half, asked)
	}
	wait := ev.Until.Sub(t.core.Wall())
	if wait < half || wait > full {
		t.fail("M8", "a backoff of %v, which should be from %v to %v (M8, M9, M10)", wait, half, full)
	}
	if round {
		l.round, l.failureReported = false, t.flight.on
	}
	l.holdOff(wait)
	l.ofWatchers = !round && !t.snapshot.on && !e.Failure.Permanent
	l.liftable = !round && !e.Failure.Permanent
	l.lossEnds = round && !e.Failure.Permanent && !hold
}

// doubled is the n-th wait of an exponential backoff.
func doubled(first time.Duration, n int, longest time.Duration) time.Duration {
	for range n {
		first = min(2*first, longest)
	}
	return min(first, longest)
}

// counted is one more failure in a row, as long as that makes the next wait longer; 1 at least, because it is told
// apart.
func counted(n int, first, longest time.Duration) int {
	if n > 0 && doubled(first, n, longest) == longest {
		return n
	}
	return n + 1
}
