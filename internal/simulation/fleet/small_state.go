package fleet

import (
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/core/endpoint"
)

// smallState is everything there is: the cores, the messages on their way, and what is around the cores.
type smallState struct {
	tokens   [smallTokens]smallToken
	endpoint *endpoint.Core
	mail     []smallMail    // to the endpoint
	decided  []smallDecided // from the endpoint
	requests int            // that were made
	alarm    smallAlarm     // of the endpoint
	// troubled are the tokens that have met trouble since the last success, and admitted those whose tickets were
	// granted and have not ended, by the endpoint's account.
	troubled [smallTokens]bool
	admitted [smallTokens]bool
}

// smallToken is a token with at most one caller that waits.
type smallToken struct {
	core                       core.Core
	published, closed          bool
	left                       time.Duration // of the published token
	waiting, flying, cancelled bool
	flight                     uint64 // in flight
	queued                     uint64 // the flight that waits
	attempts                   int    // that it began since a caller came
	alarm                      smallAlarm
	publication                uint64
}

// smallAlarm is a timer: the time that it is set for by its core, and how much of it is left.
type smallAlarm struct {
	on   bool
	left time.Duration
}

func (a smallAlarm) passed() bool { return a.on && a.left <= 0 }

// smallMail is a message to the endpoint: of a token, named by its place.
type smallMail struct {
	kind                  endpoint.InputKind
	token                 int
	urgent, manual, retry bool
	throttled             bool
	outcome               endpoint.Outcome
	backoff               time.Duration
}

// smallDecided is a message from the endpoint.
type smallDecided struct {
	token int
	kind  core.InputKind
	wait  time.Duration
}

// send sends the endpoint a message.
func (s *smallState) send(m smallMail) { s.mail = append(s.mail, m) }

// decide sends a token what the endpoint decided about its ticket.
func (s *smallState) decide(id endpoint.Ticket, kind core.InputKind, wait time.Duration) {
	s.decided = append(s.decided, smallDecided{token: int(id) - 1, kind: kind, wait: wait})
}

// underway reports whether messages are.
func (s *smallState) underway() bool { return len(s.mail)+len(s.decided) > 0 }

// inFlight is how many requests are.
func (s *smallState) inFlight() (n int) {
	for i := range s.tokens {
		if s.tokens[i].flying {
			n++
		}
	}
	return n
}

// pack names every field once, for both directions.
func (s *smallState) pack(p *core.Packer) {
	for i := range s.tokens {
		t := &s.tokens[i]
		core.Flags(p, &t.published, &t.closed, &t.waiting, &t.flying, &t.cancelled, &t.alarm.on)
		core.Number(p, &t.left)
		core.Number(p, &t.flight)
		core.Number(p, &t.queued)
		core.Number(p, &t.attempts)
		core.Number(p, &t.alarm.left)
		core.Number(p, &t.publication)
	}
	core.Flags(p, &s.alarm.on, &s.troubled[0], &s.troubled[1], &s.admitted[0], &s.admitted[1])
	core.Number(p, &s.alarm.left)
	core.Number(p, &s.requests)
	core.List(p, &s.mail, func(m *smallMail) {
		core.Flags(p, &m.urgent, &m.manual, &m.retry, &m.throttled)
		core.Number(p, &m.kind)
		core.Number(p, &m.token)
		core.Number(p, &m.outcome)
		core.Number(p, &m.backoff)
	})
	core.List(p, &s.decided, func(d *smallDecided) {
		core.Number(p, &d.token)
		core.Number(p, &d.kind)
		core.Number(p, &d.wait)
	})
}

// key is what a state is compared by, and made from again.
func (s *smallState) key() []byte {
	k := *s
	for i := range k.tokens {
		t := &k.tokens[i]
		// The canonical core calls what is in flight, or waits, by one name.
		if t.flying {
			t.flight = core.CanonicalID
		} else {
			t.flight = 0
		}
		if t.queued > 0 {
			t.queued = core.CanonicalID
		}
		if t.published {
			t.publication = core.CanonicalID
		} else {
			t.publication, t.left = 0, 0
		}
		if !t.alarm.on {
			t.alarm.left = 0
		}
	}
	if !k.alarm.on {
		k.alarm.left = 0
	}
	var b []byte
	for i := range k.tokens {
		b = k.tokens[i].core.AppendKey(b)
	}
	b = k.endpoint.AppendKey(b)
	p := core.PackTo(b)
	k.pack(p)
	return p.Bytes()
}

func smallFromKey(world *Small, key []byte) *smallState {
	s := new(smallState)
	for i := range s.tokens {
		s.tokens[i].core, key = core.FromKey(smallPolicy, key)
	}
	s.endpoint, key = endpoint.Unpack(world.policy(), key)
	s.pack(core.UnpackFrom(key))
	return s
}
