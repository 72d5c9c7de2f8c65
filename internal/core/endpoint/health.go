package endpoint

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// health is what is known of the endpoint (E2).
//
// A trouble that one client id alone meets may be that client's own. Once two have met one, with no success in
// between, or all that are in use if they are fewer, the endpoint is suspect. First, the attempts that are left of
// the round which met the trouble are made, one at a time for all (verification), because most failures pass at once
// (M9). Callers wait for that, as they wait for the attempts of their own round. If those fail too, callers are
// refused, and there is one probe per backoff for all clients together.
type health struct {
	// met are the client ids that have met trouble since the last success; n is how many, up to two.
	met [2]uint64
	n   int

	suspect bool
	// since is when it became suspect.
	since core.Elapsed
	// left is how many attempts are left before callers are refused.
	left int
	// failures counts the backoffs in a row. Each doubles the next one.
	failures int
	// probing says that a probe is in flight: that ticket.
	probing bool
	ticket  Ticket
	// urgentAt and at are when the next probe may start: one for which callers wait, and any other.
	urgentAt, at core.Elapsed
	// outcome and status are what was met last.
	outcome Outcome
	status  int
}

// maxDoublings is more than the shortest backoff needs to reach the longest.
const maxDoublings = 63

// meet notes a client id that met trouble.
func (h *health) meet(id uint64) {
	if h.n < len(h.met) && (h.n == 0 || h.met[0] != id) {
		h.met[h.n] = id
		h.n++
	}
}

// forget drops a client id that is in use no longer.
func (h *health) forget(id uint64) {
	switch {
	case h.n > 0 && h.met[0] == id:
		h.met = [2]uint64{h.met[1]}
		h.n--
	case h.n > 1 && h.met[1] == id:
		h.met[1] = 0
		h.n--
	}
}

// learn is what the end of a fetch means to all.
func (s *step) learn(t *ticket, in Input) {
	h := &s.health
	wasProbe := h.probing && h.ticket == t.id
	if wasProbe {
		h.probing, h.ticket = false, 0
	}
	switch in.Outcome {
	case NoEvidence:
	case Works:
		s.recover()
	case Unclear:
		if wasProbe {
			s.probeFailed(in)
		}
	default:
		h.meet(t.client.id)
		h.outcome, h.status = in.Outcome, in.Status
		switch {
		case !h.suspect:
			s.suspect(in)
		case wasProbe:
			s.probeFailed(in)
		}
	}
}

// suspect makes the endpoint suspect if enough client ids have met trouble.
func (s *step) suspect(in Input) {
	h := &s.health
	if h.n < s.enough() {
		return
	}
	h.suspect, h.since, h.failures, h.probing = true, s.elapsed, 0, false
	if h.left = 0; in.Retry {
		h.left = verifications
	}
	s.schedule(in)
	s.event(Event{Kind: Suspected, Outcome: h.outcome, Status: h.status, Until: s.at(h.urgentAt)})
}

// enough is how many client ids have to meet trouble: two, or all that are in use if they are fewer.
func (s *step) enough() int { return min(len(s.health.met), max(len(s.attached), 1)) }

// probeFailed is a probe that met trouble.
func (s *step) probeFailed(in Input) {
	h := &s.health
	if h.left > 0 {
		h.left--
	}
	if s.elapsed-h.since > verifyWithin {
		h.left = 0
	}
	s.schedule(in)
	s.event(Event{Kind: ProbeFailed, Outcome: h.outcome, Status: h.status, Until: s.at(h.urgentAt)})
}

// schedule decides when the next probe may start.
func (s *step) schedule(in Input) {
	h := &s.health
	if h.left > 0 {
		wait := verifyWait << (verifications - h.left)
		h.at = s.elapsed + time.Duration(float64(wait)*(0.5+s.draw))
		h.urgentAt = h.at
		return
	}
	h.urgentAt = s.elapsed + s.backoff(h.failures, min(s.policy.MaxBackoff, maxUrgentBackoff), in.Backoff)
	h.at = max(h.urgentAt, s.elapsed+s.backoff(h.failures, s.policy.MaxBackoff, in.Backoff))
	h.failures = min(h.failures+1, maxDoublings)
}

// backoff is the wait after a number of failures. The wait that the token makes by itself is taken where it fits, so
// that where there is only one token, its callers may ask when its own error says (M9).
func (s *step) backoff(failures int, longest, own time.Duration) time.Duration {
	wait := core.Doubling(s.policy.MinBackoff, failures, longest)
	if own >= wait/2 && own <= wait {
		return own
	}
	return time.Duration(float64(wait) * (0.5 + s.draw/2)) // from the upper half
}

// recover is a success: whatever was suspected, the endpoint works.
func (s *step) recover() {
	was := s.health.suspect
	s.health = health{}
	if was {
		s.event(Event{Kind: Recovered})
	}
}

// probe notes that a ticket which starts is a probe.
func (s *step) probe(t *ticket) {
	s.health.probing, s.health.ticket = true, t.id
	s.event(Event{Kind: Probed, Outcome: s.health.outcome, Status: s.health.status})
}

// admissible is the least urgent level of which something may start now.
func (s *step) admissible() (last level, ok bool) {
	h := &s.health
	switch {
	case !h.suspect || s.alone():
		return refresh, true
	case h.probing:
		return 0, false
	case s.elapsed >= h.at:
		return refresh, true
	case s.elapsed >= h.urgentAt:
		return urgent, true
	}
	return manual, true
}

// nextProbe is when the next probe may start, if that lies ahead.
func (s *step) nextProbe() (at core.Elapsed, ok bool) {
	h := &s.health
	if !h.suspect || h.probing {
		return 0, false
	}
	at = h.at
	if s.urgent.n > 0 {
		at = h.urgentAt
	}
	return at, at > s.elapsed
}
