package endpoint

import "github.com/alf-go/alf/internal/core"

// notify lets tickets know what has changed for their callers: in a step a bounded number, in the next one the rest.
func (s *step) notify() {
	h := &s.health
	for s.holding.front != nil && s.mayNotify() {
		c := s.holding.front
		t := c.queues[urgent][0].front
		if t == nil {
			t = c.queues[urgent][1].front
		}
		s.refuse(t, c.hold)
	}
	for h.suspect && h.left == 0 && !s.alone() && s.urgent.front != nil && s.mayNotify() {
		t := s.urgent.front
		s.refuse(t, s.nextForCallers())
		t.until = s.nextForCallers()
		s.notified.push(t)
	}
	for !h.suspect && s.notified.front != nil && s.mayNotify() {
		t := s.notified.front
		s.notified.remove(t)
		if t.until > s.elapsed && s.elapsed >= t.client.hold {
			s.lifted = append(s.lifted, t.id)
		}
	}
}

// mayNotify counts a notice, or notes that there are more.
func (s *step) mayNotify() bool {
	if s.notices >= maxNotices {
		s.Again = true
		return false
	}
	s.notices++
	return true
}

// refuse lets the callers of a ticket know that they are not to wait. It keeps a place in the queue, behind tickets
// whose callers wait.
func (s *step) refuse(t *ticket, until core.Elapsed) {
	r := Refusal{Ticket: t.id, For: until - s.elapsed, Outcome: s.health.outcome, Status: s.health.status}
	if c := t.client; s.onHold(c) {
		r.Throttled, r.Outcome, r.Status = true, c.outcome, c.status
	}
	s.dequeue(t)
	s.enqueue(t, missing)
	s.place(t.client)
	s.refused = append(s.refused, r)
}

// nextForCallers is when a caller may ask again, while the endpoint is suspect.
func (s *step) nextForCallers() core.Elapsed {
	if h := &s.health; !h.probing && h.urgentAt > s.elapsed {
		return h.urgentAt
	}
	return s.elapsed + probing
}
