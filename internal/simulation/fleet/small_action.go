package fleet

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// smallAction is one thing that may happen.
type smallAction struct {
	verb  smallVerb
	token int
	fault Fault
}

type smallVerb uint8

const (
	callerAsks smallVerb = iota
	manualRefresh
	tokenCloses
	requestEnds
	timerFires
	tokenExpires
	endpointTimerFires
	endpointReceives
	tokenReceives
	timePasses
	smallVerbs
)

var smallVerbNames = [smallVerbs]string{
	callerAsks: "a caller asks", manualRefresh: "a manual refresh", tokenCloses: "close", requestEnds: "the request ends",
	timerFires: "the timer fires", tokenExpires: "the token expires", endpointTimerFires: "the endpoint's timer fires",
	endpointReceives: "the endpoint takes a message", tokenReceives: "a token takes a message", timePasses: "time passes",
}

// String is the action as a line of a path.
func (a smallAction) String() string {
	return fmt.Sprintf("%s (token %d, %v)", smallVerbNames[a.verb], a.token, a.fault)
}

// actions is everything that may happen in a state.
func (x *explorer) actions(s *smallState) (all []smallAction) {
	if s.requests >= x.world.Requests {
		return nil
	}
	add := func(is bool, a smallAction) {
		if is {
			all = append(all, a)
		}
	}
	for i := range s.tokens {
		t := &s.tokens[i]
		add(!t.waiting && !t.closed && !t.published, smallAction{verb: callerAsks, token: i})
		add(x.world.Manual && !t.closed && !t.waiting, smallAction{verb: manualRefresh, token: i})
		add(x.world.Close && !t.closed, smallAction{verb: tokenCloses, token: i})
		add(t.flying, smallAction{verb: requestEnds, token: i})
		for _, f := range x.world.Faults {
			add(t.flying, smallAction{verb: requestEnds, token: i, fault: f})
		}
		add(t.alarm.passed(), smallAction{verb: timerFires, token: i})
		add(t.published && t.left <= 0, smallAction{verb: tokenExpires, token: i})
	}
	add(s.alarm.passed(), smallAction{verb: endpointTimerFires})
	add(len(s.mail) > 0, smallAction{verb: endpointReceives})
	add(len(s.decided) > 0, smallAction{verb: tokenReceives})
	_, ok := s.next()
	add(ok, smallAction{verb: timePasses})
	return all
}

// next is how long it takes until something happens by itself. Messages do not wait for that.
func (s *smallState) next() (d time.Duration, ok bool) {
	sooner := func(on bool, left time.Duration) {
		if on && (!ok || left < d) {
			d, ok = left, true
		}
	}
	for i := range s.tokens {
		sooner(s.tokens[i].alarm.on, s.tokens[i].alarm.left)
		sooner(s.tokens[i].published, s.tokens[i].left)
	}
	sooner(s.alarm.on, s.alarm.left)
	return d, ok && d > 0 && !s.underway()
}

// do is one action. Each core has a clock of its own, whose last reading is the same moment.
func (x *explorer) do(a smallAction) {
	s := x.s
	t := &s.tokens[a.token]
	switch a.verb {
	case callerAsks:
		if t.attempts = 0; t.flying {
			t.attempts = 1
		}
		x.token(a.token, core.Input{Kind: core.Get})
	case manualRefresh:
		x.token(a.token, core.Input{Kind: core.Refresh, Wait: true})
	case tokenCloses:
		x.token(a.token, core.Input{Kind: core.Close})
		t.closed = true
		s.send(smallMail{kind: endpoint.Detach, token: a.token})
	case requestEnds:
		x.ends(a.token, a.fault)
	case timerFires:
		t.alarm = smallAlarm{}
		x.token(a.token, core.Input{Kind: core.Wake})
	case tokenExpires:
		x.token(a.token, core.Input{Kind: core.Expire, Publication: t.publication})
	case endpointTimerFires:
		s.alarm = smallAlarm{}
		x.step(endpoint.Input{Kind: endpoint.Wake}, 0)
	case endpointReceives:
		m := s.mail[0]
		s.mail = s.mail[1:]
		x.receive(m)
	case tokenReceives:
		d := s.decided[0]
		s.decided = s.decided[1:]
		x.token(d.token, core.Input{Kind: d.kind, Flight: s.tokens[d.token].queued, For: d.wait})
	case timePasses:
		x.advance()
	}
	x.checkProgress()
}

// advance lets time go by until something happens by itself.
func (x *explorer) advance() {
	s := x.s
	d, _ := s.next()
	for i := range s.tokens {
		s.tokens[i].alarm.left -= d
		s.tokens[i].left -= d
		x.stepToken(i, core.Input{}, d, givenUp)
	}
	s.alarm.left -= d
	x.step(endpoint.Input{Kind: endpoint.Wake}, d)
}
