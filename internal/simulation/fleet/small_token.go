package fleet

import (
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// ends is a request that ends.
func (x *explorer) ends(i int, fault Fault) {
	t := &x.s.tokens[i]
	r := core.Result{OK: fault == None && !t.cancelled}
	switch {
	case r.OK:
		r.Expiry = t.core.Wall().Add(smallLifetime)
	case fault == Throttling:
		r.EndsRound, r.RetryAfter = true, smallRetryAfter
	case fault == Denying:
		r.Permanent = true
	}
	end := smallMail{outcome: endpoint.Works, throttled: r.EndsRound}
	if fault == Erroring || t.cancelled {
		end.outcome = endpoint.ServerError
	}
	t.flying, t.cancelled = false, false
	x.stepToken(i, core.Input{Kind: core.Fetched, Flight: t.flight, Result: r}, 0, end)
}

// token gives a token an input that is not the end of its request.
func (x *explorer) token(i int, in core.Input) { x.stepToken(i, in, 0, givenUp) }

// givenUp is what a request proves that was abandoned: there was no response in time.
var givenUp = smallMail{outcome: endpoint.NoResponse}

// stepToken gives a token an input after a time, and applies the effects. end is what the end of its request proves, if
// it ends.
func (x *explorer) stepToken(i int, in core.Input, later time.Duration, end smallMail) {
	t := &x.s.tokens[i]
	in.Read = true
	waited := t.waiting
	e := t.core.Step(t.core.Wall().Add(later), 0, in)
	if e.Cancel {
		t.cancelled = true
		if in.Kind != core.Close && t.attempts <= 1 && in.Kind != core.Wake && later == 0 {
			x.fail("E1", "a request of token %d is cancelled by an input of kind %d", i, in.Kind)
		}
	}
	if e.Withdraw {
		t.published = false
	}
	if e.Publish {
		t.published, t.left, t.publication = true, e.Publication.Life, e.Publication.Number
	}
	x.consult(i, &e, end)
	if e.Fetch {
		x.fetch(i, e.Flight)
	}
	if e.Release != core.None {
		if e.Release == core.Failed && waited && e.Failure.Kind == core.Returned && t.attempts == 0 {
			x.fail("E1", "a caller of token %d fails, and no request was made", i)
		}
		t.waiting = false
	}
	if e.Reply == core.Wait || e.Reply == core.WaitOrServe {
		t.waiting = true
	}
	if t.alarm = (smallAlarm{on: e.Armed, left: t.core.Left(e.Wake)}); t.alarm.passed() {
		x.fail("M17", "token %d leaves a deadline unhandled", i)
	}
}

// consult lets the endpoint know what a token decided, as the manager does.
func (x *explorer) consult(i int, e *core.Effects, end smallMail) {
	t := &x.s.tokens[i]
	if e.Freed {
		t.flying, t.cancelled = false, false
		end.kind, end.token, end.retry, end.backoff = endpoint.Ended, i, t.core.Retrying(), t.core.Backoff()
		if t.core.State().Closed {
			end.outcome, end.throttled = endpoint.NoEvidence, false
		}
		x.s.send(end)
	}
	if e.Unqueue {
		t.queued = 0
		x.s.send(smallMail{kind: endpoint.Withdraw, token: i})
	}
	if e.Decline {
		x.s.send(smallMail{kind: endpoint.Ended, token: i, outcome: endpoint.NoEvidence})
	}
	if e.Enqueue {
		t.queued = e.Flight
	}
	if e.Enqueue || e.Promote {
		x.s.send(smallMail{kind: endpoint.Want, token: i, urgent: e.Urgent, manual: e.Manual})
	}
}

// fetch is a token's request that begins.
func (x *explorer) fetch(i int, flight uint64) {
	t := &x.s.tokens[i]
	if t.flying {
		x.fail("M3", "token %d has two requests in flight", i)
	}
	t.flying, t.flight, t.queued = true, flight, 0
	t.attempts++
	x.s.requests++
	if n := x.s.inFlight(); n > x.world.Limit {
		x.fail("E1", "%d requests are in flight, and the limit is %d", n, x.world.Limit)
	}
}
