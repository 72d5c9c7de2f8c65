// Package endpoint is the decisions that all clients of one token endpoint share: who may fetch now (E1, E3, P4), and
// what a failure that one of them met means to the others (E2). Like package core, it has no goroutine, channel, clock,
// I/O or secret: what it knows, the time and one message go in; what is to be done about it comes out. The manager's
// endpoint runs it against the world and the simulator against a world of its own.
//
// A token that wants a fetch has a [Ticket] here, from the moment it wants one until the fetch has ended. Waiting is no
// evidence of trouble: nothing here limits it.
//
// Where to look:
//
//	input.go, effects.go, event.go   what goes in and comes out
//	queue.go                         the order in which tickets are admitted (E1, E3)
//	client.go                        what is known of one client id: its share, its hold (E1, E2), its pace (P4)
//	health.go                        what is known of the endpoint: suspicion, verification, probes (E2)
//	notices.go                       what waiting tickets are notified of
//	list.go                          the lists that all of this consists of
//	canonical.go                     comparing two states, for the explorer
//
// A step takes time in proportion to what it decides, not to how many tickets wait: all queues are linked lists, and
// the ends of holds are in a heap.
package endpoint

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Ticket names a token that wants a fetch, or whose fetch is in flight. The sender of a Want chooses a number
// that no other ticket has.
type Ticket uint64

// Policy is what an endpoint core is made with. Zero fields mean the defaults.
type Policy struct {
	// MaxInFlight is how many token requests may be in flight. Default: 64.
	MaxInFlight int
	// MinBackoff and MaxBackoff bound the wait before the next probe of an endpoint that does not work. Defaults: 0.5 s
	// and 60 s, as of a token (M8).
	MinBackoff, MaxBackoff time.Duration
}

// What no setting changes.
const (
	// defaultMaxInFlight is the limit on token requests in flight (E1).
	defaultMaxInFlight = 64
	// sharePart: while others wait, a client id holds at most a quarter of the limit (E1).
	sharePart = 4
	// maxUrgentBackoff bounds the wait for callers that wait for a token, and the hold after a 429 without a
	// Retry-After (M9). A probe that no caller waits for may come later.
	maxUrgentBackoff = 10 * time.Second
	// maxRetryAfter bounds what the endpoint may ask for (M9).
	maxRetryAfter = 10 * time.Minute
	// verifications is how many attempts are left of the round that met the trouble, and verifyWait the first wait
	// between them (M9). None begins later than verifyWithin after the endpoint became suspect.
	verifications = 2
	verifyWait    = 100 * time.Millisecond
	verifyWithin  = time.Second
	// probing is how soon a caller may ask again that is refused while a probe is in flight: the probe's outcome
	// decides, and when that is known is not.
	probing = 100 * time.Millisecond
	// newPerSecond is how many new tokens of one client id are fetched in any second (P4).
	newPerSecond = 100
	// maxNotices bounds the notices of one step, so that no step takes long. The next step goes on.
	maxNotices = 256
)

// WithDefaults replaces zero values, and bounds the others (M22).
func (p Policy) WithDefaults() Policy {
	const longest = 365 * 24 * time.Hour
	if p.MaxInFlight == 0 {
		p.MaxInFlight = defaultMaxInFlight
	}
	p.MaxInFlight = max(p.MaxInFlight, 1)
	if p.MinBackoff <= 0 {
		p.MinBackoff = 500 * time.Millisecond
	}
	if p.MaxBackoff <= 0 {
		p.MaxBackoff = time.Minute
	}
	p.MinBackoff, p.MaxBackoff = min(p.MinBackoff, longest), min(p.MaxBackoff, longest)
	return p
}

// Core is the state. Its zero value is not ready; see [New]. Other than a token's core it is no plain value, because
// 100,000 tickets may wait: [FromKey] of [Core.AppendKey] forks it.
type Core struct {
	policy Policy

	// started says that a step was taken, so that last is set.
	started bool
	// last is the latest reading of the clock.
	last time.Time
	// elapsed is the time since the first step. It never decreases, whatever the clock reads (M17).
	elapsed core.Elapsed

	// attached counts, per client id, the tokens that use the endpoint: who is in use (E2).
	attached map[uint64]int
	// total is how many tokens use the endpoint.
	total int
	// clients are the client ids of which anything is known.
	clients map[uint64]*client
	// tickets are all that wait or are in flight.
	tickets map[Ticket]*ticket
	// inFlight is how many of them are in flight.
	inFlight int

	// rings are, per level, the clients that may be admitted next, in turn (E1, E3).
	rings [levels]list[client]
	// waiting are the clients that share the limit: something of theirs waits, and nothing holds them.
	waiting list[client]
	// urgent are the waiting tickets of level urgent, of all clients, in the order in which they became urgent.
	urgent list[ticket]
	// notified are the tickets whose callers were refused because the endpoint is suspect, in that order.
	notified list[ticket]
	// holding are the clients on hold whose callers have to be notified so.
	holding list[client]
	// holds is when clients have to be looked at again.
	holds alarms

	health health

	// granted, refused and lifted are room for effects, which are valid until the next step.
	granted []Ticket
	refused []Refusal
	lifted  []Ticket
}

// New returns a core without a ticket.
func New(p Policy) *Core {
	c := &Core{
		policy:   p.WithDefaults(),
		attached: map[uint64]int{},
		clients:  map[uint64]*client{},
		tickets:  map[Ticket]*ticket{},
	}
	c.prepareLists()
	return c
}

// prepareLists gives every list its links.
func (c *Core) prepareLists() {
	for l := range c.rings {
		c.rings[l].links = func(c *client) *links[client] { return &c.ring[l] }
	}
	c.waiting.links = func(c *client) *links[client] { return &c.sharing }
	c.holding.links = func(c *client) *links[client] { return &c.owed }
	c.urgent.links = func(t *ticket) *links[ticket] { return &t.notice }
	c.notified.links = func(t *ticket) *links[ticket] { return &t.notice }
}

// step is one step in the making.
type step struct {
	*Core
	Effects
	wall time.Time
	draw float64
	// notices is how many tickets this step has notified something.
	notices int
}

// Step takes one input. now is the clock's reading, draw a random number in [0, 1). What has become due is handled
// before the input is (M17), and whatever may be admitted afterwards is. The slices of the result are valid until the
// next step.
func (c *Core) Step(now time.Time, draw float64, in Input) Effects {
	c.granted, c.refused, c.lifted = c.granted[:0], c.refused[:0], c.lifted[:0]
	s := &step{Core: c, wall: now.Round(0), draw: draw}
	s.advance(now, in)
	s.endHolds()
	switch in.Kind {
	case Attach:
		s.attach(in.Client)
	case Detach:
		s.detach(in.Client)
	case Want:
		s.want(in)
	case Withdraw:
		s.withdraw(in.Ticket)
	case Ended:
		s.ended(in)
	case Wake:
	}
	s.admit()
	s.notify()
	s.Granted, s.Refused, s.Lifted = s.granted, s.refused, s.lifted
	s.Wake, s.Armed = s.deadline()
	return s.Effects
}

// advance moves the elapsed time. A timer that fired is proof of the time it was set for, whatever the clock reads.
func (s *step) advance(now time.Time, in Input) {
	if !s.started {
		s.started, s.last = true, now
	}
	if d := now.Sub(s.last); d > 0 {
		s.elapsed += d
	}
	s.last = now
	if in.Kind == Wake {
		s.elapsed = max(s.elapsed, in.At)
	}
}

// deadline is when the core has to be woken if nothing else happens. While nothing waits, that is never.
func (s *step) deadline() (at core.Elapsed, ok bool) {
	if s.waitingTickets() == 0 || s.Again {
		return 0, false
	}
	at, ok = s.holds.next()
	if p, ahead := s.nextProbe(); ahead && (!ok || p < at) {
		at, ok = p, true
	}
	return at, ok
}

// waitingTickets is how many tickets wait.
func (c *Core) waitingTickets() int { return len(c.tickets) - c.inFlight }

// at converts a time elapsed to the wall clock, for people to read.
func (s *step) at(e core.Elapsed) time.Time { return s.wall.Add(e - s.elapsed) }
