package fleet

import (
	"time"

	"github.com/alf-go/alf/internal/core/endpoint"
)

// checker holds the endpoint against the contract. It keeps its own record, from what goes into the core and what comes
// out of it, and never looks inside.
type checker struct {
	w        *World
	attached map[uint64]int
	total    int
	waits    map[endpoint.Ticket]*wanted
	flights  map[endpoint.Ticket]*wanted
	waiting  map[uint64]int // per client id
	flying   map[uint64]int
	holds    map[uint64]time.Duration
	pauses   map[uint64]int             // that the endpoint has asked for
	recent   map[uint64][]time.Duration // when new tokens were admitted

	met      map[uint64]bool
	suspect  bool
	probe    *wanted
	probeAt  time.Duration // no probe sooner, unless it was demanded
	left     int           // attempts of the round that met the trouble
	since    time.Duration
	failures int
}

type wanted struct {
	client         uint64
	urgent, manual bool
	fresh          bool          // its token is new
	until          time.Duration // its callers are refused, because the endpoint is suspect
	pauses         int           // that its client id had been asked for when it was granted
}

func (c *checker) init(w *World) {
	*c = checker{
		w: w, attached: map[uint64]int{}, waits: map[endpoint.Ticket]*wanted{}, flights: map[endpoint.Ticket]*wanted{},
		waiting: map[uint64]int{}, flying: map[uint64]int{}, holds: map[uint64]time.Duration{}, pauses: map[uint64]int{}, recent: map[uint64][]time.Duration{}, met: map[uint64]bool{},
	}
}

func (c *checker) onHold(client uint64) bool { return c.w.Now < c.holds[client] && c.total > 1 }

func (c *checker) enough() int { return min(2, max(len(c.attached), 1)) }

// before notes what the endpoint is about to hear.
func (c *checker) before(in endpoint.Input) {
	switch in.Kind {
	case endpoint.Attach:
		c.attached[in.Client]++
		c.total++
		if c.suspect && len(c.met) < c.enough() {
			c.suspect, c.probe = false, nil
		}
	case endpoint.Detach:
		c.total--
		if c.attached[in.Client]--; c.attached[in.Client] == 0 {
			delete(c.attached, in.Client)
			delete(c.met, in.Client)
		}
	case endpoint.Want:
		w := c.waits[in.Ticket]
		if w == nil {
			if c.flights[in.Ticket] != nil {
				return
			}
			w = &wanted{client: in.Client, fresh: in.New}
			c.waits[in.Ticket] = w
			c.waiting[w.client]++
		}
		w.urgent, w.manual = w.urgent || in.Urgent, w.manual || in.Manual
	case endpoint.Withdraw:
		if w := c.waits[in.Ticket]; w != nil {
			delete(c.waits, in.Ticket)
			c.lessWaiting(w.client)
		}
	case endpoint.Ended:
		c.ends(in)
	}
}

func (c *checker) lessWaiting(client uint64) {
	if c.waiting[client]--; c.waiting[client] == 0 {
		delete(c.waiting, client)
	}
}

func (c *checker) ends(in endpoint.Input) {
	w := c.flights[in.Ticket]
	if w == nil {
		return
	}
	delete(c.flights, in.Ticket)
	c.flying[w.client]--
	wasProbe := w == c.probe
	if wasProbe {
		c.probe = nil
	}
	if in.Throttled {
		c.pauses[w.client]++
		c.holds[w.client] = max(c.holds[w.client], c.w.Now+min(in.RetryAfter, 10*time.Minute))
	}
	switch {
	case in.Outcome == endpoint.Works:
		c.met, c.suspect, c.probe = map[uint64]bool{}, false, nil
		if !in.Throttled && w.pauses == c.pauses[w.client] {
			delete(c.holds, w.client) // a fetch that began after the last pause was asked for
		}
	case in.Outcome.Trouble():
		c.meets(w, wasProbe, in.Retry)
	}
}

// meets is trouble that a client id met (E2).
func (c *checker) meets(w *wanted, wasProbe, retry bool) {
	if len(c.met) < 2 {
		c.met[w.client] = true
	}
	switch {
	case !c.suspect && len(c.met) >= c.enough():
		c.suspect, c.probe, c.since, c.failures = true, nil, c.w.Now, 0
		if c.left = 0; retry {
			c.left = 2
		}
		c.schedule()
	case c.suspect && wasProbe:
		c.left = max(c.left-1, 0)
		if c.w.Now-c.since > time.Second {
			c.left = 0
		}
		c.schedule()
	}
}

// schedule is the least that has to pass before the next probe.
func (c *checker) schedule() {
	if c.left > 0 {
		c.probeAt = c.w.Now + 50*time.Millisecond
		return
	}
	c.probeAt = c.w.Now + min(500*time.Millisecond<<min(c.failures, 10), 10*time.Second)/2
	c.failures++
}

// others reports whether another client id waits that is not on hold.
func (c *checker) others(client uint64) bool {
	for other := range c.waiting {
		if other != client && !c.onHold(other) && !c.shortHold(other) {
			return true
		}
	}
	return false
}

// after checks what the endpoint decided.
func (c *checker) after(e *endpoint.Effects) {
	for _, id := range e.Granted {
		c.grants(id)
	}
	for _, r := range e.Refused {
		c.refuses(r)
	}
	for _, id := range e.Lifted {
		if w := c.waits[id]; w != nil {
			w.until = 0
		}
	}
	if !e.Again {
		c.settled(e)
	}
}

// grants is a fetch that may start (E1, E2).
func (c *checker) grants(id endpoint.Ticket) {
	w := c.waits[id]
	if w == nil {
		c.w.violate("E1", "ticket %d is granted, and does not wait", id)
		return
	}
	limit := c.w.parameters.Limit
	delete(c.waits, id)
	c.lessWaiting(w.client)
	c.w.broken(c.onHold(w.client) && !w.manual, "E2", "client id %d is on hold until %v, and a fetch of it starts", w.client, c.holds[w.client])
	c.w.broken(c.flying[w.client] >= max(limit/4, 1) && c.others(w.client), "E1", "client id %d has %d of %d in flight while others wait", w.client, c.flying[w.client], limit)
	if c.suspect { // a single token decides by itself when to probe
		c.w.broken(c.total > 1 && c.probe != nil, "E2", "a second probe starts")
		c.w.broken(c.total > 1 && !w.manual && c.w.Now < c.probeAt-time.Microsecond, "E2", "a probe starts %v too soon", c.probeAt-c.w.Now)
		c.probe = w
	}
	if w.fresh {
		c.w.broken(c.paced(w.client), "P4", "more than %d new tokens of client id %d are fetched within a second", newPerSecond, w.client)
		c.recent[w.client] = append(c.recent[w.client], c.w.Now)
	}
	w.pauses = c.pauses[w.client]
	c.flights[id] = w
	c.flying[w.client]++
	c.w.broken(len(c.flights) > limit, "E1", "%d in flight, and the limit is %d", len(c.flights), limit)
}

// newPerSecond is how many new tokens of a client id are fetched in a second at most.
const newPerSecond = 100

// paced reports whether no further new token of a client id may be fetched at the moment (P4).
func (c *checker) paced(client uint64) bool {
	recent := c.recent[client]
	for len(recent) > 0 && c.w.Now-recent[0] >= time.Second {
		recent = recent[1:]
	}
	c.recent[client] = recent
	return len(recent) >= newPerSecond
}

// refuses is a ticket whose callers are not to wait (E2).
func (c *checker) refuses(r endpoint.Refusal) {
	w := c.waits[r.Ticket]
	if w == nil {
		c.w.violate("E2", "ticket %d is refused, and does not wait", r.Ticket)
		return
	}
	c.w.broken(r.For <= 0, "E2", "a caller is refused for %v", r.For)
	c.w.broken(w.manual, "M20", "a caller that demanded a fetch is refused")
	held := c.onHold(w.client) || r.Throttled && c.shortHold(w.client)
	c.w.broken(r.Throttled && !held, "E2", "callers of client id %d are refused because another one is on hold", w.client)
	c.w.broken(!held && !(c.suspect && c.left == 0 && c.total > 1), "E2", "a caller of client id %d is refused though the endpoint works", w.client)
	w.urgent, w.until = false, 0
	if !r.Throttled {
		w.until = c.w.Now + r.For
	}
}

// shortHold: a 429 without a Retry-After holds for a time that is drawn.
func (c *checker) shortHold(client uint64) bool {
	until, known := c.holds[client]
	return known && c.w.Now < until+10*time.Second
}

// settled checks how things stand when the endpoint has decided everything.
func (c *checker) settled(e *endpoint.Effects) {
	if c.w.stats.Steps%8 != 0 && len(c.waits) > 100 {
		return
	}
	limit := c.w.parameters.Limit
	for id, w := range c.waits {
		c.w.broken(w.until > c.w.Now && !c.suspect && !c.onHold(w.client) && !c.shortHold(w.client), "E1", "ticket %d: callers are refused until %v though the endpoint works again", id, w.until)
		c.w.broken(w.urgent && !w.manual && c.suspect && c.left == 0 && c.total > 1, "E2", "ticket %d: callers wait though the endpoint is suspect", id)
		if !c.suspect && !c.onHold(w.client) && !c.shortHold(w.client) && c.flying[w.client] == 0 && !(w.fresh && c.paced(w.client)) {
			c.w.broken(len(c.flights) < limit, "E1", "ticket %d waits, and there is room: %d of %d", id, len(c.flights), limit)
		}
	}
	c.w.broken(len(c.waits) > 0 && len(c.flights) == 0 && !e.Armed, "E1", "%d tickets wait, and nothing will ever wake the endpoint", len(c.waits))
}
