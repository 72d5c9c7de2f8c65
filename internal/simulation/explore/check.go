package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// clockStepped: the clock may have been stepped, so how soon something has to happen is not known.
func (t *step) clockStepped() bool { return t.world.ClockSteps > 0 }

// check holds a step against the rules that no single event shows.
func (t *step) check() {
	t.checkReplies()
	t.checkToken()
	t.checkFlight()
	t.checkOffer()
	t.checkRejection()
	t.checkContests()
	t.checkOutage()
	t.checkTime()
	if t.in.Kind != core.Watch { // else when it knows what it learns
		t.checkWatchers()
	}
	if t.closed {
		t.checkClosed()
	}
}

func (t *step) checkReplies() {
	e, in := &t.effects, t.in
	if t.closed {
		asked := in.Kind == core.Get || in.Kind == core.Invalidate || in.Kind == core.Refresh || in.Kind == core.Watch || in.Kind == core.Close
		if asked != (e.Reply == core.Shut) || e.Reply != core.Shut && e.Reply != core.None {
			t.fail("M14", "reply %d after Close", e.Reply)
		}
		return
	}
	if !mayReply(in, e.Reply) {
		t.fail("one reply", "reply %d to an input of kind %d", e.Reply, in.Kind)
	}
	switch {
	case e.Release == core.None:
	case e.Release == core.Shut:
		t.fail("M14", "waiting callers are released as closed, and it is not")
	case e.Release == core.ServeExpired && (t.action.verb != fetchEnds || !t.expected().expiredOnArrival()):
		t.fail("M6", "those who wait are served an expired token that did not arrive now")
	case e.Release == core.Failed && e.Failure.Kind == core.Blocked && t.has(core.BackedOff):
		t.fail("M9", "waiting callers get another failure than that of their round")
	}
	if t.waiting+t.orServed > 0 && !t.checker.round {
		t.fail("M9", "a caller waits and nothing is being done about it")
	}
	if e.Reply == core.Failed && !t.mayFail() {
		t.fail("M9", "a caller is refused at once, though a fetch could start")
	}
	if in.Kind == core.Refresh && e.Reply == core.Wait && !t.flight.on {
		t.fail("M20", "a fetch that was asked for by hand does not start")
	}
}

// mayFail: a caller without a token may be refused at once.
func (t *step) mayFail() bool {
	blocked := t.abandoned >= 3 && !t.flight.on
	return blocked || t.clockStepped() || t.watcherMayFail() || t.checker.quiet > 0 && !t.checker.ofWatchers &&
		(!t.checker.liftable || t.contests.contesting.has(t.in.Origin) || t.wantsLonger())
}

// handOut checks that the published token may be handed out now (M2).
func (t *step) handOut() {
	if !t.snapshot.on {
		t.fail("M2", "a token is handed out, and there is none")
	} else if t.snapshot.end <= 0 {
		t.fail("M2", "a token is handed out %v after its effective expiry", -t.snapshot.end)
	}
}

// reportFailure checks that there is an error to report.
func (t *step) reportFailure() {
	if !t.failure {
		t.fail("M9", "a failure is reported, and none is remembered")
	}
}

func (t *step) checkToken() {
	e, was := &t.effects, &t.was
	if e.Publish {
		t.checkPublication()
	}
	if e.Publish && t.action.verb != fetchEnds && !t.adopted() {
		t.fail("M1", "a token is published that did not come now")
	}
	if e.Withdraw && !t.mayWithdraw() {
		t.fail("M8", "a usable token is withdrawn for no reason")
	}
	if was.snapshot.on && t.snapshot.on && t.snapshot.publication == was.snapshot.publication {
		if t.snapshot.end <= 0 {
			t.fail("M2", "a token stays published after its effective expiry")
		}
		if t.in.Kind == core.Expire && t.in.Publication == was.snapshot.publication {
			t.fail("M2", "a token stays published though its timer has fired")
		}
	}
}

func (t *step) mayWithdraw() bool {
	was := &t.was
	return was.snapshot.end <= 0 ||
		t.in.Kind == core.Close ||
		t.in.Kind == core.Expire && t.in.Publication == was.snapshot.publication ||
		t.action.verb == fetchEnds && t.expected().expiredOnArrival() && t.response.Kind.again()
}

// has reports whether an event of a kind was part of the step.
func (t *step) has(kind core.EventKind) bool {
	for i := range t.effects.N {
		if t.effects.Events[i].Kind == kind {
			return true
		}
	}
	return false
}

func (t *step) checkFlight() {
	e := &t.effects
	if e.Fetch != t.has(core.FetchStarted) || e.Publish != t.has(core.Published) {
		t.fail("M18", "a fetch or a publication without its event")
	}
	if e.Fetch && t.snapshot.on && !t.checker.round && t.snapshot.attention == unread && t.watchers.count() == 0 {
		t.fail("M16", "a token that no caller has read is refreshed")
	}
	if e.Cancel && t.in.Kind != core.Close && !t.adopted() && !t.clockStepped() && !t.checker.round && e.Release == core.None &&
		t.was.flight.age < t.policy.AttemptTimeout {
		t.fail("M9", "a fetch is cancelled after %v", t.was.flight.age)
	}
	if e.Cancel && t.in.Kind != core.Close && !t.adopted() && t.was.flight.age == 0 && !t.clockStepped() {
		t.fail("M22", "a fetch is cancelled as it begins")
	}
	// M4: the successor of a token in use is fetched at its refresh time.
	s := &t.snapshot
	if s.on && (s.attention != unread || t.watchers.count() > 0) && s.refreshTime <= 0 && !t.refreshHint && !t.flight.on && !t.checker.round &&
		t.checker.quiet == 0 && t.checker.gate == 0 && t.abandoned < 3 && !t.clockStepped() {
		t.fail("M4", "the refresh time of a token in use has come, and nothing is being done about it")
	}
}

func (t *step) checkRejection() {
	e := &t.effects
	if t.in.Kind != core.Invalidate || t.closed {
		return
	}
	switch {
	case t.has(core.Rejected):
		// M12: exactly one fetch follows: the one in flight, or one that starts within a second.
		if !t.flight.on && !(t.wake.pending() && t.wake.left <= second+t.slack) {
			t.fail("M12", "a rejection is accepted, and no fetch follows")
		}
		if !t.in.Current || e.Reply == core.Suppressed {
			t.fail("M12", "a rejection is acted on and refused at once")
		}
	case e.Reply == core.Suppressed:
		if !t.snapshot.on {
			t.fail("M12", "a suppressed rejection has taken the token")
		}
		if t.was.flight.on && t.flight.on && t.was.flight.id == t.flight.id && !t.flight.cancelled {
			t.fail("M12", "a rejection is suppressed while a fetch is in flight that serves it")
		}
	}
}

func (t *step) checkOutage() {
	e := &t.effects
	if t.action.verb != fetchEnds || t.was.flight.stale || t.response.Kind.ok() || t.closed || !t.has(core.FetchEnded) {
		return
	}
	if t.was.snapshot.on && t.was.snapshot.end > 0 && (e.Withdraw || !t.was.checker.round && e.Release != core.None) {
		t.fail("M8", "a failing refresh disturbs callers while the token is usable")
	}
	if e.Fetch && !t.moot {
		t.fail("M9", "a fetch starts the moment another one failed")
	}
	final := t.response.Kind == Permanent || t.response.RetryAfter > 0
	if final && t.was.checker.round && e.Release != core.Failed {
		t.fail("M10", "a round goes on after a response that ends it")
	}
}

func (t *step) checkTime() {
	e := &t.effects
	if e.Armed && t.core.Left(e.Wake) <= 0 {
		t.fail("M17", "a deadline that has passed is not handled")
	}
	if (t.flight.on || t.checker.round) && !t.ended && !t.wake.pending() {
		t.fail("M9", "a dead end: something is going on, and no timer is set")
	}
}

func (t *step) checkClosed() {
	e := &t.effects
	if e.Fetch || e.Publish || t.snapshot.on || t.waiting+t.orServed > 0 {
		t.fail("M14", "something goes on after Close")
	}
	if t.ended == t.flight.on {
		t.fail("M14", "the end should come when, and only when, no fetch is in flight")
	}
	if t.in.Kind == core.Close && !t.was.closed && (e.Release != core.Shut || t.flight.on && !t.flight.cancelled) {
		t.fail("M14", "Close does not reply to the waiting callers, or does not cancel the fetch")
	}
}

// checkPatience holds what has been going on for a while against its bounds. Time never passes a moment at which
// something is due, so reaching a bound is fine.
func (t *step) checkPatience() {
	f := &t.flight
	switch {
	case t.waiting+t.orServed > 0 && t.longest > t.policy.RoundTimeout+second+t.slack:
		t.fail("M9", "a caller has been waiting for %v", t.longest)
	case f.on && !f.cancelled && f.age > t.policy.AttemptTimeout+t.slack:
		t.fail("M9", "a fetch has been running for %v", f.age)
	case f.on && f.cancelled && f.overdue > 5*time.Second+t.slack:
		t.fail("M15", "a fetch was cancelled %v ago and is not given up", f.overdue)
	case t.snapshot.on && t.snapshot.timer < 0:
		t.fail("M2", "the published token's timer is late")
	}
}
