package fleet

import (
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// receive is a message that the endpoint takes. A ticket is named by its token, which has one at a time.
func (x *explorer) receive(m smallMail) {
	s := x.s
	in := endpoint.Input{
		Kind: m.kind, Ticket: endpoint.Ticket(m.token + 1), Client: x.world.client(m.token), Urgent: m.urgent, Manual: m.manual,
		Outcome: m.outcome, Retry: m.retry, Throttled: m.throttled, Backoff: m.backoff,
	}
	if m.throttled {
		in.RetryAfter, in.Status = smallRetryAfter, 429
	}
	if m.kind == endpoint.Ended {
		s.admitted[m.token] = false
		switch {
		case m.outcome == endpoint.Works:
			s.troubled = [smallTokens]bool{}
		case m.outcome.Trouble():
			s.troubled[m.token] = true
		}
	}
	x.step(in, 0)
}

// step gives the endpoint an input after a time, and applies the effects.
func (x *explorer) step(in endpoint.Input, later time.Duration) {
	s := x.s
	e := s.endpoint.Step(s.endpoint.Wall().Add(later), 0, in)
	for _, r := range e.Refused {
		x.checkRefusal(r)
		s.decide(r.Ticket, core.Refuse, r.For)
	}
	for _, id := range e.Lifted {
		s.decide(id, core.Refuse, 0)
	}
	for _, id := range e.Granted {
		s.admitted[id-1] = true
		s.decide(id, core.Admitted, 0)
	}
	if s.admitted[0] && s.admitted[1] && x.world.Limit == 1 {
		x.fail("E1", "both tokens are admitted, and the limit is 1")
	}
	if s.alarm = (smallAlarm{on: e.Armed, left: s.endpoint.Left(e.Wake)}); s.alarm.passed() {
		x.fail("M17", "the endpoint leaves a deadline unhandled")
	}
}

// checkRefusal: no caller is refused before both client ids have met trouble (E2).
func (x *explorer) checkRefusal(r endpoint.Refusal) {
	s := x.s
	bothMet := s.troubled[0] && s.troubled[1]
	oneLeft := s.tokens[0].closed || s.tokens[1].closed
	if !r.Throttled && x.world.Clients == 2 && !bothMet && !oneLeft {
		x.fail("E2", "a caller of token %d is refused, and only one client id has met trouble", r.Ticket-1)
	}
}
