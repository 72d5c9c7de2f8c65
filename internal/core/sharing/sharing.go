// Package sharing is the decisions of one process about one token that it shares with others through a store (D), and
// nothing else: what it knows, the time and one message in; what is to be done about it out. Like package core, beside
// which it works, it has no goroutine, channel, clock, I/O or secret. What the store decides is in package store.
//
// The token's core wants a fetch; this one decides whether and when it starts:
//
//	want.go       what is asked of the store for it, and how long is waited for other processes
//	replies.go    what the store's replies mean
//	fetch.go      the fetch: its lease, and what becomes of its outcome
//	offer.go      a token that the store does not have
//	patience.go   how long the store may take to reply
//	circuit.go    a store that does not work
//	clock.go      the store's time
package sharing

import (
	"slices"
	"time"

	"github.com/alf-go/alf/store"
)

// Elapsed is the time since a core's first step.
type Elapsed = time.Duration

// Policy is what a core is made with.
type Policy struct {
	// Owner names the process. It is chosen at random.
	Owner string
	// AttemptTimeout is for how long other processes are waited for (D4).
	AttemptTimeout time.Duration
	// MinBackoff and MaxBackoff bound the pause after failures, as in package core.
	MinBackoff, MaxBackoff time.Duration
	// Poll is how often the store is asked whether it still has the token, because a push may be lost (D9). Zero:
	// never.
	Poll time.Duration
}

// Core is the state. Make it with [New]. It is a plain value: copying it forks it.
type Core struct {
	policy  Policy
	elapsed Elapsed
	clock   clock

	// seen is the greatest version that was found in the store. No process moves behind it (D4).
	seen store.Version
	// held is the token that this process has.
	held held
	// rejected are the latest values that were rejected here. They are never adopted (D5).
	rejected []store.Digest

	want    want
	fetch   fetch
	op      op
	circuit circuit
	closed  bool
}

// held is the token that this process has.
type held struct {
	on      bool
	digest  store.Digest
	expires Elapsed
	// version is that of the record which has it. Zero: as far as is known, the store does not have it.
	version store.Version
	// refused says that the store does not want it.
	refused bool
	// offerAt is when it is offered next.
	offerAt Elapsed
}

// op is the command that the store has not replied to. There is one at a time.
type op struct {
	on     bool
	id     uint64 // of the latest
	kind   store.Kind
	sent   Elapsed
	look   Elapsed // is when the time is looked at next
	looks  int     // counts how often it was, and onTime how often it was not late
	onTime int
	manual bool // of an Acquire
	blind  bool // of an Offer: the store's time was not known
}

// New returns the core of a process that knows nothing.
func New(p Policy) Core { return Core{policy: p} }

// step is one step in the making.
type step struct {
	*Core
	Effects
	draw float64
}

// Step takes one input. now is the time since the first step; it may stand still but not run backwards. draw is a
// random number in [0, 1).
func (c *Core) Step(now Elapsed, draw float64, in Input) Effects {
	s := &step{Core: c, draw: draw}
	s.elapsed = max(s.elapsed, now)
	s.watchTheTime(in)
	switch in.Kind {
	case Want:
		s.wanted(in)
	case Unwant:
		s.unwanted()
	case Rejected:
		s.tokenRejected(in)
	case FetchEnded:
		s.fetchEnded(in)
	case RoundFailed:
		s.roundFailed(in)
	case Adopted:
		s.adopted(in)
	case Replied:
		s.replied(in)
	case Failed:
		if s.current(in.Op) {
			s.storeFailed()
		}
	case Pushed:
		s.pushed(in)
	case Close:
		s.close()
	}
	s.settle()
	s.Wake, s.Armed = s.deadline()
	return s.Effects
}

// settle does what is to be done now. There is one command at a time, and what ends a lease comes first.
func (s *step) settle() {
	switch {
	case s.op.on:
	case s.fetch.end != 0:
		s.finish()
	case s.fetch.on:
		s.extend()
	case s.want.on:
		s.ask()
	case s.fetch.granted():
		s.extend() // the round goes on
	case !s.closed:
		s.offer()
	}
	if s.want.on && !s.fetch.on && s.waitedLongEnough() {
		s.start()
	}
}

// deadline is when the core has to be woken if nothing else happens.
func (s *step) deadline() (at Elapsed, ok bool) {
	sooner := func(d Elapsed) {
		if !ok || d < at {
			at, ok = d, true
		}
	}
	c := s.Core
	switch {
	case c.op.on:
		sooner(c.op.look)
	case c.closed:
	case c.fetch.granted() && (c.fetch.on || !c.want.on):
		sooner(max(c.fetch.extendAt, c.circuit.until))
	case c.fetch.on:
	case c.want.on:
		sooner(max(c.want.askAt, c.elapsed+1))
	case c.offerable():
		sooner(max(c.held.offerAt, c.circuit.until))
	}
	if c.want.on && !c.fetch.on && c.want.waits {
		sooner(c.want.since + c.policy.AttemptTimeout)
	}
	return at, ok
}

// close gives back what is granted, if a command can be sent at once.
func (s *step) close() {
	s.closed = true
	s.unwanted()
}

// send sends the store a command.
func (s *step) send(c store.Command) {
	s.op = op{on: true, id: s.op.id + 1, kind: c.Kind, sent: s.elapsed, look: s.elapsed + OpTimeout/fullTime, manual: c.Manual}
	if c.Kind != store.Outcome {
		c.Owner = s.policy.Owner
	}
	s.Do, s.Op, s.Command = true, s.op.id, c
}

// isRejected reports whether a value was rejected here.
func (c *Core) isRejected(d store.Digest) bool { return slices.Contains(c.rejected, d) }

// see notes a version that was found in the store.
func (c *Core) see(v store.Version) {
	if c.seen.Less(v) {
		c.seen = v
	}
}

// Granted reports whether this process has, or had, the permission to fetch, which is not settled yet.
func (c *Core) Granted() bool { return c.fetch.granted() }

// Quiet reports whether nothing goes on: nothing is wanted, fetched or asked.
func (c *Core) Quiet() bool {
	return !c.want.on && !c.fetch.on && !c.op.on && !c.fetch.granted() && c.fetch.end == 0
}

// HandingIn reports whether the token that was fetched is on its way to the store, which does not know it before.
func (c *Core) HandingIn() bool { return c.fetch.end == store.Publish }

// Open reports whether commands may be sent to the store, as far as is known.
func (c *Core) Open() bool { return !c.closed && c.elapsed >= c.circuit.until }

// The times of the protocol.
const (
	// OpTimeout is how long the store may take to reply, while this process runs (D4). It is over after that many looks
	// at the time which are on time, each a part of it after the last, or after that many in all.
	OpTimeout = 150 * time.Millisecond
	fullTime  = 5
	maxLooks  = 40
	// tooLate is how late a look is that shows that the process did not run.
	tooLate = 10 * time.Millisecond
	// circuitOpen is how long it is left alone when it does not, and maxProbe the longest pause where no caller waits.
	circuitOpen = 500 * time.Millisecond
	maxProbe    = 5 * time.Second
	// Lease is how long a lease is asked for, and leasePart the part of it after which it is prolonged (D7).
	Lease     = store.DefaultLease * time.Millisecond
	leasePart = 3
	// shortestWait is the least time between two questions about the same thing.
	shortestWait = 10 * time.Millisecond
	// longestPoll is the longest time for which another process is waited without asking again.
	longestPoll = Lease
	// offerSpread is how long processes that find their token missing in the store wait at most, so that one is first.
	// So do those that want a refresh while the token lives for spreadsLeft times as long.
	offerSpread = 100 * time.Millisecond
	spreadsLeft = 5
	// sameExpiry is how much later a token's expiry may look when it comes from the store.
	sameExpiry = 2 * time.Second
	// maxRejected is how many rejected values are remembered.
	maxRejected = 16
	// maxUseless is how many replies in a row may be of no use before the process goes on without the store.
	maxUseless = 3
	// longestHold is how long a hold is obeyed at most (D4).
	longestHold = store.MaxHold * time.Millisecond
)
