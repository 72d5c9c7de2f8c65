package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// step is one action in the making.
type step struct {
	*explorer
	*state
	draw   float64
	action action

	// Of an action that the core heard of:
	heard    bool
	was      host // before it
	in       core.Input
	effects  core.Effects
	moot     bool     // of a fetch that ended: its round was over
	response Response // of a fetch that ended
}

// do lets an action happen to a state.
func (x *explorer) do(t *step, s *state, a action) *step {
	*t = step{explorer: x, state: s, action: a, draw: x.draws[a.draw]}
	switch a.verb {
	case readToken:
		t.read()
	case ask, askLate:
		t.request(core.Input{Kind: core.Get})
	case askLonger:
		t.send(core.Input{Kind: core.Get, MinLife: x.world.MinLife})
	case reject, replace:
		t.request(core.Input{Kind: core.Invalidate, Current: true, Wait: a.verb == replace})
	case rejectOld, replaceOld:
		t.request(core.Input{Kind: core.Invalidate, Wait: a.verb == replaceOld})
	case retryAccepted, retryRejected:
		t.request(core.Input{Kind: core.ReportOutcome, Current: true, Retry: true, Accepted: a.verb == retryAccepted})
	case retryRejectedOld:
		t.request(core.Input{Kind: core.ReportOutcome, Retry: true})
	case sendAccepted:
		t.request(core.Input{Kind: core.ReportOutcome, Current: true, Accepted: true})
	case sendAcceptedLate:
		t.request(core.Input{Kind: core.ReportOutcome, Current: true, Accepted: true, Age: sendTakes})
	case checkedSame, checkedChanged:
		s.checking = false
		t.send(core.Input{Kind: core.CredentialsChecked, Changed: a.verb == checkedChanged})
	case giveUpUnnamed:
		t.orServed--
		if t.orServed == 0 {
			t.orServedFor = 0
		}
		t.leave()
	case refresh:
		t.send(core.Input{Kind: core.Refresh})
	case giveUp:
		t.giveUp()
	case fetchEnds:
		t.response = x.responses[a.who]
		t.send(core.Input{Kind: core.Fetched, Flight: s.flight.id, Result: t.result(t.response)})
	case abandonedEnds:
		t.response = x.responses[a.who]
		t.send(core.Input{Kind: core.Fetched, Result: t.result(t.response)})
	case pass:
		d, _ := s.nextMoment(x.world.Fetcher)
		s.pass(d)
		t.checkPatience()
	case wakeFired:
		s.wake.gone = true
		t.send(core.Input{Kind: core.Wake, At: s.wake.at})
	case wakeStale:
		t.send(core.Input{Kind: core.Wake, At: -s.core.Left(0)})
	case expiryTimer:
		t.send(core.Input{Kind: core.Expire, Publication: s.snapshot.publication})
	case hintReceived:
		s.refreshHint = false
		t.send(core.Input{Kind: core.RefreshHint})
	case offer, offerRejected:
		t.offered()
	case say:
		t.send(core.Input{})
	case expireOld:
		t.send(core.Input{Kind: core.Expire})
	case clockForward:
		s.steps++
		s.stepClock(x.world.ClockStep)
	case clockBack:
		s.steps++
		s.stepClock(-x.world.ClockStep)
	case closing:
		t.send(core.Input{Kind: core.Close})
	case watcherJoins:
		t.joins()
	case watcherLooks:
		t.looks(int(a.who))
	case watcherLeaves:
		t.leaves(int(a.who))
	}
	s.watchers.sort()
	return t
}

// read is what a caller does who finds a usable token published: the manager's snapshot.usable.
func (t *step) read() {
	s := &t.snapshot
	t.handOut()
	switch {
	case s.refreshTime > 0:
		s.attention = max(s.attention, read)
	case s.attention != hinted:
		s.attention = hinted
		t.refreshHint = true
	}
}

// giveUp ends a caller's wait. The owner does not hear of it, so the one who has waited the longest is not let go
// before the others: were it another, the remaining callers would only have waited less.
func (t *step) giveUp() {
	t.waiting--
	t.leave()
}

func (t *step) leave() {
	if t.waiting+t.orServed == 0 {
		t.longest = 0
	}
}

// sendTakes is how long a request may have been on its way.
const sendTakes = 3 * time.Second

// request sends the core an input that names an origin and a path.
func (t *step) request(in core.Input) {
	in.Origin, in.Path = t.action.at()
	t.send(in)
}

// result is a response as the manager classifies it for the core.
func (t *step) result(a Response) core.Result {
	r := core.Result{OK: a.Kind.ok(), Same: a.Kind.again(), RefreshIn: a.RefreshIn}
	switch {
	case !r.OK:
		r.Recheckable = t.world.Recheck && a.Kind == Permanent
		r.Permanent = a.Kind == Permanent
		r.RetryAfter, r.EndsRound = a.RetryAfter, a.RetryAfter > 0
	case a.expiredOnArrival():
		r.Expiry = t.started()
	case a.Lifetime > 0:
		r.Expiry = t.started().Add(a.Lifetime)
	}
	return r
}

func (a Response) expiredOnArrival() bool {
	return a.Kind == ExpiredOnArrival || a.Kind == SameExpiredOnArrival
}

// started is when the fetch in flight was, by the wall clock. It does not matter of an abandoned one.
func (t *step) started() time.Time { return t.now().Add(-t.flight.wall) }

// send gives the core an input and applies what it decides, as the manager's owner does.
func (t *step) send(in core.Input) {
	in.Read = t.snapshot.on && t.snapshot.attention != unread
	in.Watched = t.watchers.count() > 0
	t.heard, t.was, t.in = true, t.host, in
	t.onHear()
	t.effects = t.core.Step(t.now(), t.draw, in)
	t.clock = 0
	t.apply()
	t.check()
}

// apply is the manager's, in its order.
func (t *step) apply() {
	e := &t.effects
	if e.Cancel && t.flight.on {
		t.flight.cancelled, t.flight.overdue = true, 0
	}
	t.supersede()
	t.keep()
	t.follow()
	if e.Fetch {
		t.flight, t.checker.failureReported = flight{on: true, id: e.Flight}, false
		if t.world.Fetches > 0 {
			t.fetches++
		}
	}
	if e.CheckCredentials {
		t.checking = true
	}
	if e.Failure.Kind != core.NoFailure {
		t.failure = true
	}
	t.arm()
	t.reply()
	t.notify()
	t.closed = t.closed || t.in.Kind == core.Close
	t.ended = e.Ended
}

// keep publishes and withdraws.
func (t *step) keep() {
	e := &t.effects
	if e.Withdraw {
		t.snapshot = snapshot{}
	}
	if e.Publish {
		t.failure = false
		p := &e.Publication
		now := t.core.Wall()
		t.held = true
		t.snapshot = snapshot{on: true, publication: p.Number, refreshTime: p.RefreshTime.Sub(now), end: p.EffectiveExpiry.Sub(now), timer: p.Life}
		if e.Release == core.Serve {
			t.snapshot.attention = read
		}
		t.onLifetime()
	}
}

// arm sets the timer, unless it is set for that time already.
func (t *step) arm() {
	e := &t.effects
	if t.wake.on && e.Armed && t.wake.at == e.Wake {
		return
	}
	t.wake = alarm{}
	if e.Armed {
		t.wake = alarm{on: true, at: e.Wake, left: t.core.Left(e.Wake)}
	}
}

// reply replies to the sender, then to the waiting callers.
func (t *step) reply() {
	e := &t.effects
	if e.Release != core.None {
		if t.waiting > 0 || e.Release != core.Failed {
			t.hand(e.ReleaseOf(core.Wait, t.snapshot.on))
		}
		t.orServedFor.each(func(origin uint64) {
			t.hand(e.ReleaseOf(core.WaitOrServe, t.snapshot.on && !t.core.Contests(origin)))
		})
		t.waiting, t.orServed, t.orServedFor, t.longest = 0, 0, 0, 0
	}
	if t.in.Kind == core.Watch {
		return // a watcher looks for itself
	}
	switch e.Reply {
	case core.Wait:
		t.waiting++
	case core.WaitOrServe:
		t.orServed++
		t.orServedFor.set(t.in.Origin)
	default:
		t.hand(e.Reply)
	}
}

// hand gives a caller what a reply stands for.
func (t *step) hand(reply core.Reply) {
	switch reply {
	case core.Serve:
		t.handOut()
		t.snapshot.attention = max(t.snapshot.attention, read)
	case core.Failed:
		t.reportFailure()
	}
}
