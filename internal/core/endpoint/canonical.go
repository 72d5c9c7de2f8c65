package endpoint

import (
	"cmp"
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// epoch is the latest reading of the clock in every core that is made from a key.
var epoch = time.Unix(0, 0).UTC()

// AppendKey appends a canonical form of c to b: cores with the same policy and equal keys do the same from here on,
// given the same further inputs with clock readings and elapsed times shifted alike. Tickets and client ids are named
// in it as they are, so an explorer names both by their place. It holds between steps only, while no step says Again.
// Times that have passed look as if they passed now.
func (c *Core) AppendKey(b []byte) []byte {
	p := core.PackTo(b)
	k := c.keyed()
	k.pack(p)
	return p.Bytes()
}

// FromKey is the reverse of [Core.AppendKey]. A core that is stepped next must be given readings of the clock from 1970
// on, where its time stands still.
func FromKey(policy Policy, key []byte) *Core {
	c, _ := Unpack(policy, key)
	return c
}

// Unpack is [FromKey] for a key that something follows: it returns that too.
func Unpack(policy Policy, key []byte) (*Core, []byte) {
	var k keyed
	p := core.UnpackFrom(key)
	k.pack(p)
	return k.core(policy), p.Bytes()
}

// keyed is a core as lists of plain values, with times relative to now.
type keyed struct {
	started  bool
	attached []attachment
	health   health
	clients  []keyedClient
	rings    [levels][]uint64
	waiting  []uint64
	urgent   []Ticket
	notified []Ticket
}

type attachment struct {
	client uint64
	n      int
}

type keyedClient struct {
	id             uint64
	hold           core.Elapsed
	throttled      int
	outcome        Outcome
	status         int
	recent         []core.Elapsed
	queued, flying []keyedTicket
}

type keyedTicket struct {
	id      Ticket
	level   level
	fresh   bool
	current bool // the endpoint has asked for no pause since it was granted
	until   core.Elapsed
}

func (c *Core) keyed() keyed {
	k := keyed{started: c.started, health: c.health}
	for id, n := range c.attached {
		k.attached = append(k.attached, attachment{id, n})
	}
	slices.SortFunc(k.attached, func(a, b attachment) int { return cmp.Compare(a.client, b.client) })
	h := &k.health
	h.since = max(h.since-c.elapsed, -2*verifyWithin)
	if h.left == 0 {
		h.since = 0
	}
	h.urgentAt, h.at = max(h.urgentAt-c.elapsed, 0), max(h.at-c.elapsed, 0)
	for _, q := range c.clients {
		k.clients = append(k.clients, c.keyedClient(q))
	}
	slices.SortFunc(k.clients, func(a, b keyedClient) int { return cmp.Compare(a.id, b.id) })
	for l := range c.rings {
		c.rings[l].each(func(q *client) { k.rings[l] = append(k.rings[l], q.id) })
	}
	c.waiting.each(func(q *client) { k.waiting = append(k.waiting, q.id) })
	c.urgent.each(func(t *ticket) { k.urgent = append(k.urgent, t.id) })
	c.notified.each(func(t *ticket) { k.notified = append(k.notified, t.id) })
	return k
}

func (c *Core) keyedClient(q *client) keyedClient {
	k := keyedClient{id: q.id, hold: max(q.hold-c.elapsed, 0), throttled: q.throttled, outcome: q.outcome, status: q.status}
	if q.throttled == 0 {
		k.outcome, k.status = 0, 0
	}
	for _, at := range q.recent {
		if c.elapsed-at < time.Second {
			k.recent = append(k.recent, at-c.elapsed)
		}
	}
	for _, t := range c.tickets {
		if t.client == q && t.inFlight {
			current := q.throttled == 0 || t.pauses == q.pauses
			k.flying = append(k.flying, keyedTicket{id: t.id, current: current})
		}
	}
	slices.SortFunc(k.flying, func(a, b keyedTicket) int { return cmp.Compare(a.id, b.id) })
	var queued []*ticket
	for l := range q.queues {
		for i := range q.queues[l] {
			q.queues[l][i].each(func(t *ticket) { queued = append(queued, t) })
		}
	}
	slices.SortFunc(queued, func(a, b *ticket) int {
		return cmp.Or(cmp.Compare(a.level, b.level), cmp.Compare(a.seq, b.seq))
	})
	for _, t := range queued {
		k.queued = append(k.queued, keyedTicket{id: t.id, level: t.level, fresh: t.fresh, until: max(t.until-c.elapsed, 0)})
	}
	return k
}

// core is the core that a key stands for.
func (k *keyed) core(policy Policy) *Core {
	c := New(policy)
	c.started, c.last, c.health = k.started, epoch, k.health
	for _, a := range k.attached {
		c.attached[a.client] = a.n
		c.total += a.n
	}
	for i := range k.clients {
		c.restore(&k.clients[i])
	}
	for l, ids := range k.rings {
		for _, id := range ids {
			c.rings[l].push(c.clients[id])
		}
	}
	for _, id := range k.waiting {
		c.waiting.push(c.clients[id])
	}
	for _, id := range k.urgent {
		c.urgent.push(c.tickets[id])
	}
	for _, id := range k.notified {
		c.notified.push(c.tickets[id])
	}
	s := &step{Core: c}
	for i := range k.clients {
		s.setAlarm(c.clients[k.clients[i].id])
	}
	return c
}

func (c *Core) restore(k *keyedClient) {
	q := c.clientOf(k.id)
	q.hold, q.pauses, q.throttled, q.outcome, q.status, q.recent = k.hold, 1, k.throttled, k.outcome, k.status, k.recent
	for _, f := range k.flying {
		t := &ticket{id: f.id, client: q, inFlight: true}
		if f.current {
			t.pauses = 1
		}
		c.tickets[t.id] = t
		q.inFlight++
		c.inFlight++
	}
	for _, w := range k.queued {
		t := &ticket{id: w.id, client: q, fresh: w.fresh, until: w.until, level: w.level}
		c.tickets[t.id] = t
		q.seq++
		t.seq = q.seq
		q.queue(t).push(t)
		q.waiting++
	}
}

// pack names every field once, for both directions.
func (k *keyed) pack(p *core.Packer) {
	h := &k.health
	core.Flags(p, &k.started, &h.suspect, &h.probing)
	core.List(p, &k.attached, func(a *attachment) {
		core.Number(p, &a.client)
		core.Number(p, &a.n)
	})
	core.Number(p, &h.n)
	core.Number(p, &h.met[0])
	core.Number(p, &h.met[1])
	core.Number(p, &h.since)
	core.Number(p, &h.left)
	core.Number(p, &h.failures)
	core.Number(p, &h.urgentAt)
	core.Number(p, &h.at)
	core.Number(p, &h.outcome)
	core.Number(p, &h.status)
	core.Number(p, &h.ticket)
	core.List(p, &k.clients, func(q *keyedClient) { q.pack(p) })
	for l := range k.rings {
		core.List(p, &k.rings[l], func(id *uint64) { core.Number(p, id) })
	}
	core.List(p, &k.waiting, func(id *uint64) { core.Number(p, id) })
	core.List(p, &k.urgent, func(id *Ticket) { core.Number(p, id) })
	core.List(p, &k.notified, func(id *Ticket) { core.Number(p, id) })
}

func (q *keyedClient) pack(p *core.Packer) {
	core.Number(p, &q.id)
	core.Number(p, &q.hold)
	core.Number(p, &q.throttled)
	core.Number(p, &q.outcome)
	core.Number(p, &q.status)
	core.List(p, &q.recent, func(at *core.Elapsed) { core.Number(p, at) })
	core.List(p, &q.queued, func(t *keyedTicket) {
		core.Flags(p, &t.fresh)
		core.Number(p, &t.id)
		core.Number(p, &t.level)
		core.Number(p, &t.until)
	})
	core.List(p, &q.flying, func(t *keyedTicket) {
		core.Flags(p, &t.current)
		core.Number(p, &t.id)
	})
}
