package core

import (
	"encoding/binary"
	"time"
)

// CanonicalID is what a canonical core calls the fetch in flight, the published token and its publication. Inputs that
// name another one (a fetch that was abandoned, a publication that was replaced) name it 0.
const CanonicalID = 1

// epoch is the latest reading of the clock in every canonical core.
var epoch = time.Unix(0, 0).UTC()

// Canonical returns the representative of all cores that will do the same as c from here on: given the same further inputs,
// with clock readings and elapsed times shifted and ids renamed alike, they decide the same, up to that shift and those
// names. Two cores with equal representatives may therefore be taken for one, which makes the states of a small world
// finite, and an exhaustive search possible.
//
// It holds between steps only, for readings of the clock without a monotonic part, and for worlds of at most 64 rejecters:
// with more, what is forgotten first would depend on memory that is dropped here. Values of [Core.Left] agree for what lies
// ahead; all that has passed looks as if it passed now or never was.
func (c *Core) Canonical() Core {
	k := *c
	k.guards.own()
	k.canonicalize()
	return k
}

func (c *Core) canonicalize() {
	if !c.started {
		return // nothing has happened, and the time is not known yet
	}
	c.forgetGuards() // first, because it compares times of the token with those of the rejecters
	c.canonicalToken()
	c.canonicalFlight()
	c.canonicalRound()
	c.canonicalBackoff()

	// The lower bound of a start matters while it lies ahead: it is only ever compared with now, or replaced by a maximum.
	c.notBefore = c.ahead(c.notBefore)
	// Written by every fetch that ends, before anything reads it.
	c.lastDuration = 0
	// Counts are ids, but for one thing: whether there ever was a token is told apart (a cold start). One is enough for
	// that, and what is issued next is still not the one there is.
	c.tokens = min(c.tokens, CanonicalID)
	c.flights, c.publications = c.flight.id, c.token.publication
	if c.closed {
		// Nothing starts or is published any more, so what would decide about that is never asked. What a State tells of the
		// backoff stays.
		c.notBefore, c.tokens = 0, 0
		c.token, c.guards = token{}, guards{}
		c.backoff.transient, c.backoff.permanent = 0, 0
	}
	c.last, c.elapsed = epoch, 0
}

// ahead is a time elapsed relative to now, or 0 if it has passed. Sound where the past is never told apart.
func (c *Core) ahead(at Elapsed) Elapsed { return max(at-c.elapsed, 0) }

// wall is a time on the wall clock relative to the latest reading.
func (c *Core) wall(at time.Time) time.Time { return epoch.Add(at.Sub(c.last.Round(0))) }

func (c *Core) canonicalToken() {
	t := &c.token
	t.id = min(t.id, CanonicalID) // never 0 again once there was one
	if !t.on {
		// Whatever is published next replaces it; only a value that comes again asks for its id, and for whom it was fetched.
		*t = token{id: t.id, forGuard: t.forGuard}
		return
	}
	t.publication = CanonicalID
	t.end = c.wall(t.end)
	if t.dueAt <= c.elapsed {
		// Due for good, since time elapsed never runs back; so the wall clock is not asked.
		t.due, t.dueAt = time.Time{}, 0
	} else {
		t.due, t.dueAt = c.wall(t.due), t.dueAt-c.elapsed
	}
}

func (c *Core) canonicalFlight() {
	f := &c.flight
	if !f.on {
		return // zero already
	}
	f.id = CanonicalID
	f.start = c.wall(f.start)
	f.began -= c.elapsed
	f.deadline -= c.elapsed
}

func (c *Core) canonicalRound() {
	r := &c.round
	if !r.on {
		return // zero already
	}
	r.deadline -= c.elapsed
	r.next = c.ahead(r.next)
	if c.flight.on {
		r.next = 0 // set anew by the failure of the fetch in flight, and by nothing else asked for
	}
	if r.attempts > 0 {
		r.cause = 0 // only the first attempt is made for it; all others are retries
	}
}

func (c *Core) canonicalBackoff() {
	b := &c.backoff
	if b.until = c.ahead(b.until); b.until == 0 {
		b.kind = noBackoff // who may lift it does not matter once it is over
	}
	b.transient = saturated(b.transient, c.policy.MinBackoff, c.policy.MaxBackoff)
	b.permanent = saturated(b.permanent, c.policy.MinPermanentBackoff, c.policy.MaxPermanentBackoff)
}

// saturated caps a count of failures where one more makes no wait longer. It leaves 1 of any, because none at all is told
// apart (a retry). A cap on the wait that is lower than longest is reached no later.
func saturated(count int, first, longest time.Duration) int {
	for n := 1; n < count; n++ {
		if doubling(first, n, longest) == longest {
			return n
		}
	}
	return count
}

// longAgo is further back than anything remembered is asked for.
const longAgo = -guardMemory - 1

// forgetGuards drops what no rejection will be judged by again, and puts the rest in the order of the rejecters' names,
// since slots mean nothing while one is free.
func (c *Core) forgetGuards() {
	g := &c.guards
	if g.fetched && c.elapsed-g.lastFetch < restart {
		g.lastFetch -= c.elapsed
	} else {
		g.fetched, g.lastFetch = false, 0 // it holds nothing up any more
	}
	kept, hot := 0, false
	for i := range g.size() {
		r := *g.at(i)
		if !r.known {
			continue
		}
		*g.at(i) = guard{}
		if !c.remember(&r) {
			continue
		}
		hot = hot || r.hot
		at := kept
		for ; at > 0 && g.at(at-1).rejecter > r.rejecter; at-- {
			*g.at(at) = *g.at(at - 1)
		}
		*g.at(at) = r
		kept++
	}
	if kept <= few {
		g.more = nil
	}
	if t := &c.token; t.forGuard || hot {
		t.arrived = max(t.arrived-c.elapsed, longAgo) // no guard lasts longer than the memory
	} else {
		t.arrived = 0 // nobody can be guarded against this token
	}
}

// remember makes a guard's times relative and reports whether it can still make a difference.
func (c *Core) remember(r *guard) bool {
	t := &c.token
	byThisToken := t.on && t.forGuard && c.elapsed-t.arrived <= guardMemory && t.arrived-r.arrived <= guardMemory
	byLaterOnes := c.elapsed-r.arrived <= guardMemory
	if r.brought && (byThisToken || byLaterOnes) {
		r.arrived -= c.elapsed
	} else {
		r.brought, r.arrived = false, 0
	}
	persistent := r.hot && c.elapsed-r.last <= guardMemory
	switch {
	case persistent:
		r.last -= c.elapsed
	case r.hot:
		r.last = longAgo // over, but a token that arrives on its behalf still raises its level
	default:
		r.last = 0 // asked only to find room for a 65th
	}
	return r.pending || r.brought || persistent
}

// AppendKey appends c's canonical form to b: equal bytes if and only if [Core.Canonical] is equal, for cores with the same
// policy. Its length can be told from its beginning, so it may stand in front of something else.
func (c *Core) AppendKey(b []byte) []byte {
	k := *c
	k.guards.own()
	k.canonicalize()
	p := PackTo(b)
	k.pack(p)
	return p.b
}

// FromKey is the reverse of [Core.AppendKey]: the canonical core, and what followed it in the key.
func FromKey(policy Policy, key []byte) (c Core, rest []byte) {
	c.policy = policy
	p := UnpackFrom(key)
	c.pack(p)
	return c, p.b
}

// pack names every field once, for both directions.
func (c *Core) pack(p *Packer) {
	Flags(p, &c.started, &c.closed, &c.token.on, &c.flight.on, &c.round.on, &c.guards.fetched, &c.token.forGuard)
	Number(p, &c.token.id)
	Number(p, &c.tokens)
	Number(p, &c.abandoned)
	Number(p, &c.notBefore)
	if !p.writing && c.started {
		c.last = epoch
	}
	if t := &c.token; t.on {
		Flags(p, &t.dormant, &t.repeated)
		Number(p, &t.publication)
		instant(p, &t.due)
		instant(p, &t.end)
		Number(p, &t.dueAt)
		Number(p, &t.arrived)
		c.publications = t.publication
	}
	if f := &c.flight; f.on {
		Flags(p, &f.cancelled, &f.told)
		Number(p, &f.id)
		Number(p, &f.cause)
		Number(p, &f.attempt)
		instant(p, &f.start)
		Number(p, &f.began)
		Number(p, &f.deadline)
		c.flights = f.id
	}
	if r := &c.round; r.on {
		Number(p, &r.cause)
		Number(p, &r.attempts)
		Number(p, &r.next)
		Number(p, &r.deadline)
	}
	Number(p, &c.backoff.kind)
	Number(p, &c.backoff.until)
	Number(p, &c.backoff.transient)
	Number(p, &c.backoff.permanent)
	Number(p, &c.guards.lastFetch)
	known := 0
	for known < c.guards.size() && c.guards.at(known).known {
		known++
	}
	Number(p, &known)
	for i := range known {
		r := c.guards.at(i)
		Flags(p, &r.known, &r.pending, &r.brought, &r.hot)
		Number(p, &r.rejecter)
		Number(p, &r.arrived)
		Number(p, &r.last)
		Number(p, &r.level)
	}
}

// Packer writes fields behind one another, or reads them back, whichever it was made for, so that one list of fields does
// for both directions.
type Packer struct {
	b       []byte
	writing bool
}

// PackTo returns a Packer that appends to b.
func PackTo(b []byte) *Packer { return &Packer{b: b, writing: true} }

// UnpackFrom returns a Packer that reads what one wrote.
func UnpackFrom(b []byte) *Packer { return &Packer{b: b} }

// Bytes is what was written so far, or what has not been read yet.
func (p *Packer) Bytes() []byte { return p.b }

// Number packs an integer in as few bytes as its size needs.
func Number[T ~int | ~int64 | ~uint8 | ~uint64](p *Packer, v *T) {
	if p.writing {
		p.b = binary.AppendVarint(p.b, int64(*v))
		return
	}
	n, size := binary.Varint(p.b)
	*v, p.b = T(n), p.b[size:]
}

// Flags packs up to 8 of them into a byte.
func Flags(p *Packer, of ...*bool) {
	if p.writing {
		var bits byte
		for i, f := range of {
			if *f {
				bits |= 1 << i
			}
		}
		p.b = append(p.b, bits)
		return
	}
	for i, f := range of {
		*f = p.b[0]&(1<<i) != 0
	}
	p.b = p.b[1:]
}

// instant packs a time on the wall clock; a zero one stays zero.
func instant(p *Packer, v *time.Time) {
	set := !v.IsZero()
	Flags(p, &set)
	if !set {
		return
	}
	left := v.Sub(epoch)
	Number(p, &left)
	*v = epoch.Add(left)
}
