package endpoint

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// client is what is known of one client id. The record exists while it says anything.
type client struct {
	id uint64
	// queues are its waiting tickets: per level, those of known tokens and those of new ones (P4).
	queues [levels][2]list[ticket]
	seq    uint64
	// waiting and inFlight count its tickets.
	waiting, inFlight int
	// hold is until when nothing of it starts, because the endpoint asked for a pause (E2). pauses numbers these.
	hold   core.Elapsed
	pauses int
	// throttled counts such requests in a row. After the hold, one fetch at a time is made until one succeeds.
	throttled int
	// outcome and status are what the endpoint asked with.
	outcome Outcome
	status  int
	// recent is when new tokens were admitted within the last second, in order (P4).
	recent []core.Elapsed
	// alarm is when it has to be looked at again. Zero: not at a time that is known.
	alarm core.Elapsed

	ring          [levels]links[client]
	sharing, owed links[client]
}

func ticketQueue(t *ticket) *links[ticket] { return &t.queue }

// clientOf returns the record of a client id.
func (c *Core) clientOf(id uint64) *client {
	k := c.clients[id]
	if k == nil {
		k = &client{id: id}
		for l := range k.queues {
			k.queues[l][0].links, k.queues[l][1].links = ticketQueue, ticketQueue
		}
		c.clients[id] = k
	}
	return k
}

// queue is the one that a ticket belongs to.
func (c *client) queue(t *ticket) *list[ticket] {
	if t.fresh {
		return &c.queues[t.level][1]
	}
	return &c.queues[t.level][0]
}

func (c *client) has(l level) bool { return c.queues[l][0].front != nil || c.queues[l][1].front != nil }

// place puts a client where it belongs after anything about it has changed, and drops a record that says nothing.
func (s *step) place(c *client) {
	for len(c.recent) > 0 && s.elapsed-c.recent[0] >= time.Second {
		c.recent = c.recent[1:]
	}
	onHold := s.onHold(c)
	before := s.waiting.n
	s.waiting.set(c, c.waiting > 0 && (!onHold || c.has(manual)))
	s.rank(c)
	if s.waiting.n != before {
		// Whether a client is the only one that waits decides about its share.
		for _, other := range [...]*client{s.waiting.front, s.waiting.back} {
			if other != nil && other != c {
				s.rank(other)
			}
		}
	}
	s.holding.set(c, onHold && c.has(urgent))
	s.setAlarm(c)
	if c.waiting == 0 && c.inFlight == 0 && len(c.recent) == 0 && s.elapsed >= c.hold && (c.throttled == 0 || s.attached[c.id] == 0) {
		delete(s.clients, c.id)
	}
}

// rank puts a client into the rings of those levels of which something may start.
func (s *step) rank(c *client) {
	for l := range s.rings {
		s.rings[l].set(c, s.mayStart(c, level(l)))
	}
}

// mayStart reports whether something of a client and a level may start, if the endpoint as a whole allows it.
func (s *step) mayStart(c *client, l level) bool {
	if c.inFlight >= s.share(c, l) || l != manual && s.onHold(c) {
		return false
	}
	return c.queues[l][0].front != nil || c.queues[l][1].front != nil && s.paceAllows(c)
}

// share is how many fetches of a client may be in flight (E1).
func (s *step) share(c *client, l level) int {
	limit := s.policy.MaxInFlight
	switch {
	case c.throttled > 0 && l != manual:
		return 1
	case s.waiting.n > 1 || s.waiting.n == 1 && s.waiting.front != c:
		return max(limit/sharePart, 1)
	}
	return limit
}

// paceAllows reports whether another new token may be fetched (P4).
func (s *step) paceAllows(c *client) bool {
	return len(c.recent) < newPerSecond || s.elapsed-c.recent[len(c.recent)-newPerSecond] >= time.Second
}

// setAlarm notes when a client has to be looked at again: at the end of its hold, when its pace allows the next new
// token, or when its record says nothing any more.
func (s *step) setAlarm(c *client) {
	var at core.Elapsed
	switch {
	case s.elapsed < c.hold:
		at = c.hold
	case c.waiting > 0 && !s.paceAllows(c):
		at = c.recent[len(c.recent)-newPerSecond] + time.Second
	case len(c.recent) > 0:
		at = c.recent[len(c.recent)-1] + time.Second
	}
	if at == c.alarm {
		return
	}
	c.alarm = at
	if at > 0 {
		s.holds.push(alarm{at: at, client: c})
	}
}

// endHolds looks at the clients whose time has come.
func (s *step) endHolds() {
	for {
		at, ok := s.holds.next()
		if !ok || s.elapsed < at {
			return
		}
		c := s.holds.pop().client
		c.alarm = 0
		s.place(c)
	}
}

// learnClient is what the end of a fetch means to its client id. A success of a fetch that began after the endpoint had
// asked for a pause ends the pause; one that began before proves nothing about it.
func (s *step) learnClient(c *client, t *ticket, in Input) {
	switch {
	case in.Throttled:
		wait := s.backoff(c.throttled, maxUrgentBackoff, in.Backoff)
		c.throttled = min(c.throttled+1, maxDoublings)
		c.outcome, c.status = in.Outcome, in.Status
		c.pauses++
		c.hold = max(c.hold, s.elapsed+max(wait, min(in.RetryAfter, maxRetryAfter)))
		s.event(Event{Kind: ClientHeld, Client: c.id, Outcome: in.Outcome, Status: in.Status, Until: s.at(c.hold)})
	case in.Outcome == Works && t.pauses == c.pauses:
		c.throttled, c.hold = 0, 0
	}
}

// attach is a token that uses the endpoint from now on. Where one client id alone had made the endpoint suspect,
// because no other was in use, that concerns no client id that joins: the trouble may be the other one's own (E2).
func (s *step) attach(id uint64) {
	s.attached[id]++
	s.total++
	s.placeAll()
	if h := &s.health; h.suspect && h.n < s.enough() {
		s.health = health{met: h.met, n: h.n, outcome: h.outcome, status: h.status}
		s.event(Event{Kind: Recovered})
	}
}

// alone reports whether a single token uses the endpoint. It shares nothing: what its own failures mean to it is for
// its own core to decide (M8 to M10). What is learned is remembered, in case that others join.
func (s *step) alone() bool { return s.total == 1 }

// placeAll is for a change of alone: a second token has joined, or the last but one has left.
func (s *step) placeAll() {
	if s.total > 2 || s.total == 0 {
		return
	}
	for _, c := range s.clients {
		s.place(c)
	}
}

// onHold reports whether nothing of a client may start, because the endpoint asked for a pause (E2).
func (s *step) onHold(c *client) bool { return s.elapsed < c.hold && !s.alone() }

// detach is a token that uses the endpoint no longer.
func (s *step) detach(id uint64) {
	s.attached[id]--
	s.total--
	s.placeAll()
	if s.attached[id] > 0 {
		return
	}
	delete(s.attached, id)
	s.health.forget(id)
	if c := s.clients[id]; c != nil {
		s.place(c)
	}
}
