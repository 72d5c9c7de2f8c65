package endpoint

import "github.com/alf-go/alf/internal/core"

// level is how urgently a ticket waits. A lower one is admitted first (E3).
type level uint8

const (
	// manual: a caller demanded the fetch. No hold applies (M20).
	manual level = iota
	// urgent: callers wait for the token.
	urgent
	// missing: there is no token, and the callers that wanted it were refused.
	missing
	// refresh: the token is past its refresh time and still usable.
	refresh
	levels
)

// ticket is a token that wants a fetch, or whose fetch is in flight.
type ticket struct {
	id     Ticket
	client *client
	level  level
	// fresh says that the token has never been fetched (P4).
	fresh bool
	// seq orders the tickets of a client.
	seq uint64
	// inFlight says that it was granted.
	inFlight bool
	// pauses is how many pauses the endpoint had asked its client id for when it was granted (E2).
	pauses int
	// until is the time that its callers were notified, when the endpoint was suspect.
	until core.Elapsed

	queue, notice links[ticket]
}

// want is a token that wants a fetch, or wants it more urgently.
func (s *step) want(in Input) {
	l := refresh
	switch {
	case in.Manual:
		l = manual
	case in.Urgent:
		l = urgent
	}
	t := s.tickets[in.Ticket]
	switch {
	case t == nil:
		t = &ticket{id: in.Ticket, client: s.clientOf(in.Client), fresh: in.New}
		s.tickets[t.id] = t
	case t.inFlight || t.level <= l:
		return
	default:
		s.dequeue(t)
	}
	s.enqueue(t, l)
	s.place(t.client)
}

// withdraw is a token that wants no fetch any more.
func (s *step) withdraw(id Ticket) {
	t := s.tickets[id]
	if t == nil || t.inFlight {
		return
	}
	s.dequeue(t)
	delete(s.tickets, id)
	s.place(t.client)
}

// enqueue puts a ticket behind the others of its client and level.
func (s *step) enqueue(t *ticket, l level) {
	c := t.client
	c.seq++
	t.level, t.seq = l, c.seq
	c.queue(t).push(t)
	c.waiting++
	if l == urgent {
		s.urgent.push(t)
	}
}

// dequeue takes a ticket out of every list.
func (s *step) dequeue(t *ticket) {
	c := t.client
	c.queue(t).remove(t)
	c.waiting--
	if t.level == urgent {
		s.urgent.remove(t)
	} else {
		s.notified.remove(t)
	}
}

// admit starts the fetches that may start now: as many as the limit has room for, the most urgent first, the clients in
// turn, and the tickets of each in the order in which they came (E1, E3). While the endpoint is suspect, that is one
// probe at a time (E2).
func (s *step) admit() {
	for s.inFlight < s.policy.MaxInFlight {
		last, ok := s.admissible()
		if !ok {
			return
		}
		c, l := s.nextClient(last)
		if c == nil {
			return
		}
		s.grant(s.first(c, l))
	}
}

// nextClient is the client whose turn it is, at the most urgent level for which something may start.
func (s *step) nextClient(last level) (*client, level) {
	for l := manual; l <= last; l++ {
		if c := s.rings[l].front; c != nil {
			return c, l
		}
	}
	return nil, 0
}

// first is the ticket of a client that comes first at a level.
func (s *step) first(c *client, l level) *ticket {
	known, fresh := c.queues[l][0].front, c.queues[l][1].front
	if known == nil || fresh != nil && fresh.seq < known.seq && s.paceAllows(c) {
		return fresh
	}
	return known
}

// grant lets a ticket's fetch start.
func (s *step) grant(t *ticket) {
	c, l := t.client, t.level
	s.dequeue(t)
	t.inFlight, t.pauses = true, c.pauses
	c.inFlight++
	s.inFlight++
	if t.fresh {
		c.recent = append(c.recent, s.elapsed)
	}
	if s.health.suspect {
		s.probe(t)
	}
	s.rings[l].remove(c) // its next turn comes after those of all others
	s.place(c)
	s.granted = append(s.granted, t.id)
}

// ended is a fetch that ended.
func (s *step) ended(in Input) {
	t := s.tickets[in.Ticket]
	if t == nil || !t.inFlight {
		return
	}
	c := t.client
	delete(s.tickets, t.id)
	c.inFlight--
	s.inFlight--
	s.learnClient(c, t, in)
	s.learn(t, in)
	s.place(c)
}
