package core

import (
	"cmp"
	"slices"
	"time"
)

// CanonicalID is what a canonical core calls the fetch in flight, the published token and its publication. Inputs that
// name another one (a fetch that was abandoned, a publication that was replaced) name it 0.
const CanonicalID = 1

// epoch is the latest reading of the clock in every canonical core.
var epoch = time.Unix(0, 0).UTC()

// Canonical returns the representative of all cores that will do the same as c from here on: given the same further
// inputs, with clock readings and elapsed times shifted and ids renamed alike, they decide the same, up to that shift
// and those names. Two cores with equal representatives may therefore be taken for one, which makes the states of a
// small world finite, and an exhaustive search possible.
//
// It holds between steps only, for readings of the clock without a monotonic part, and for worlds of at most 64 origins
// and 64 paths: with more, what is forgotten first would depend on memory that is dropped here. Values of [Core.Left]
// agree for what lies ahead; all that has passed looks as if it passed now or never was.
func (c *Core) Canonical() Core {
	k := *c
	k.canonicalize()
	return k
}

// ForgetArrival drops when the published token arrived. That matters to origins that reject tokens (M13) and to callers
// that ask for a minimum lifetime (M20) only, so an explorer of worlds without either has fewer states.
func (c *Core) ForgetArrival() { c.token.arrived = c.elapsed }

func (c *Core) canonicalize() {
	if !c.started {
		return // nothing has happened, and the time is not known yet
	}
	c.canonicalGuards()
	c.canonicalToken()
	c.canonicalRound()
	c.canonicalFlight()
	c.canonicalBackoff()

	// The lower bound of a start matters while it lies ahead: it is only ever compared with now, or replaced by a
	// maximum.
	c.notBefore = c.ahead(c.notBefore)
	// Written by every fetch that ends, before anything reads it.
	c.lastDuration = 0
	// Counts are ids, except for one thing: whether there ever was a token decides a cause (a cold start). One is
	// enough for that, and what is issued next is still not the one there is.
	c.tokens = min(c.tokens, CanonicalID)
	c.flights, c.publications = c.flight.id, c.token.publication
	if c.closed {
		// Nothing starts or is published any more, so what would decide about that is never asked. What a State reports
		// of the backoff stays.
		c.notBefore, c.tokens, c.repeated = 0, 0, false
		c.token, c.guards, c.contest, c.recheck = token{}, guards{}, contest{}, recheck{}
		c.backoff.transient, c.backoff.permanent, c.backoff.hold, c.outageNotified = 0, 0, false, false
	}
	c.last, c.elapsed = epoch, 0
}

// ahead is a time elapsed relative to now, or 0 if it has passed. Sound where no two times of the past are told apart.
func (c *Core) ahead(at Elapsed) Elapsed { return max(at-c.elapsed, 0) }

// behind is a time elapsed relative to now, where all that is longer ago than a span makes no difference.
func (c *Core) behind(at Elapsed, span time.Duration) Elapsed { return max(at-c.elapsed, -span) }

// onWall is a time on the wall clock relative to the latest reading.
func (c *Core) onWall(at time.Time) time.Time { return epoch.Add(at.Sub(c.last.Round(0))) }

func (c *Core) canonicalToken() {
	t := &c.token
	t.id = min(t.id, CanonicalID) // never 0 again once there was one
	if !t.on {
		*t = token{id: t.id} // whatever is published next replaces it; only a value that comes again asks for its id
		return
	}
	t.publication = CanonicalID
	t.end = c.onWall(t.end)
	t.arrived = c.behind(t.arrived, maxGuardWait)
	if t.refreshAt <= c.elapsed {
		// Passed for good, since time elapsed never runs back; so the wall clock is not asked.
		t.refreshTime, t.refreshAt = time.Time{}, 0
	} else {
		t.refreshTime, t.refreshAt = c.onWall(t.refreshTime), t.refreshAt-c.elapsed
	}
}

func (c *Core) canonicalFlight() {
	f := &c.flight
	if !f.on {
		return // zero already
	}
	f.id = CanonicalID
	if f.queued {
		f.began = 0 // the time that a round has left was measured from then
		return
	}
	f.start = c.onWall(f.start)
	f.began -= c.elapsed
	f.deadline -= c.elapsed
}

func (c *Core) canonicalRound() {
	r := &c.round
	if !r.on {
		return // zero already
	}
	r.deadline -= c.elapsed
	if c.flight.queued {
		r.deadline += c.elapsed - c.flight.began // what is left of it once the fetch is admitted
		if r.attempts <= 1 {
			r.deadline = 0 // it is set then
		}
	}
	r.next = c.ahead(r.next)
	if c.flight.on && !c.flight.stale {
		r.next = 0 // set again by the failure of the fetch in flight, and by nothing else asked for
	}
	// Only the first attempt is made for the cause; all others are retries. The first is made again at most once.
	if r.attempts > 1 || r.attempts == 1 && (!c.flight.on || c.repeated) {
		r.cause = 0
	}
	r.orServe = r.orServe && c.token.on
}

func (c *Core) canonicalBackoff() {
	b := &c.backoff
	if b.until = c.ahead(b.until); b.until == 0 {
		b.kind, b.hold = noBackoff, false // who may lift it does not matter once it is over
		c.recheck.end()
	}
	b.transient = saturated(b.transient, c.policy.MinBackoff, c.policy.MaxBackoff)
	b.permanent = saturated(b.permanent, c.policy.MinPermanentBackoff, c.policy.MaxPermanentBackoff)
	r := &c.recheck
	if r.on && (!r.running || r.stale) {
		r.next = c.ahead(r.next)
	} else {
		r.next = 0 // set again by the report of the check, unless that is stale
	}
}

// saturated caps a count of failures where one more makes no wait longer. It leaves 1 of any, because none at all
// decides a cause (a retry). A cap on the wait that is lower than longest is reached no later.
func saturated(count int, first, longest time.Duration) int {
	for n := 1; n < count; n++ {
		if Doubling(first, n, longest) == longest {
			return n
		}
	}
	return count
}

// canonicalGuards drops what no rejection and no outcome will ever be decided by, and puts the rest in the order of
// names.
func (c *Core) canonicalGuards() {
	gs := &c.guards
	if gs.fetched && c.elapsed-gs.lastFetch < contendedWithin {
		gs.lastFetch -= c.elapsed
	} else {
		gs.fetched, gs.lastFetch = false, 0 // nothing has to wait for it any more
	}
	var kept []guard
	for _, g := range gs.origins {
		if !g.forgotten(c.elapsed) && c.canonicalGuard(&g) {
			kept = append(kept, g)
		}
	}
	slices.SortFunc(kept, func(a, b guard) int { return cmp.Compare(a.origin, b.origin) })
	gs.origins = kept
}

// canonicalGuard makes a guard's times relative and reports whether it differs from that of an unknown origin.
func (c *Core) canonicalGuard(g *guard) bool {
	g.last -= c.elapsed
	if !g.awaited && !g.trial {
		g.awaitedPath = 0
	}
	if g.tried || g.suspicion == ofCurrent {
		g.since = c.behind(g.since, evidenceMemory)
	} else {
		g.since = 0
	}
	if g.on {
		g.whole = c.ahead(g.whole)
		g.reports, g.mine = false, false
		g.paths = slices.Clone(g.paths)
		slices.SortFunc(g.paths, func(a, b path) int { return cmp.Compare(a.name, b.name) })
	}
	return g.useful()
}

// AppendKey appends c's canonical form to b: equal bytes if and only if [Core.Canonical] is equal, for cores with the
// same policy. Its length can be told from its beginning, so it may stand in front of something else.
func (c *Core) AppendKey(b []byte) []byte {
	k := *c
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
	Flags(p, &c.started, &c.closed, &c.token.on, &c.flight.on, &c.round.on, &c.guards.fetched, &c.repeated, &c.backoff.hold)
	Number(p, &c.token.id)
	Number(p, &c.tokens)
	Number(p, &c.abandoned)
	Number(p, &c.notBefore)
	if !p.writing && c.started {
		c.last = epoch
	}
	c.packToken(p)
	c.packFlight(p)
	if r := &c.round; r.on {
		Flags(p, &r.orServe, &r.unattended)
		Number(p, &r.cause)
		Number(p, &r.attempts)
		Number(p, &r.next)
		Number(p, &r.deadline)
	}
	Number(p, &c.backoff.kind)
	Number(p, &c.backoff.until)
	Number(p, &c.backoff.transient)
	Number(p, &c.backoff.permanent)
	Flags(p, &c.recheck.on, &c.recheck.running, &c.recheck.stale, &c.contest.failed, &c.outageNotified, &c.queued)
	Number(p, &c.recheck.next)
	List(p, &c.contest.origins, func(o *uint64) { Number(p, o) })
	Number(p, &c.guards.lastFetch)
	List(p, &c.guards.origins, func(g *guard) { g.pack(p) })
}

func (c *Core) packToken(p *Packer) {
	t := &c.token
	if !t.on {
		return
	}
	Flags(p, &t.idle, &t.repeated)
	Number(p, &t.publication)
	instant(p, &t.refreshTime)
	instant(p, &t.end)
	Number(p, &t.refreshAt)
	Number(p, &t.life)
	Number(p, &t.arrived)
	c.publications = t.publication
}

func (c *Core) packFlight(p *Packer) {
	f := &c.flight
	if !f.on {
		return
	}
	Flags(p, &f.cancelled, &f.reported, &f.queued, &f.urgent, &f.refused, &f.stale)
	Number(p, &f.id)
	Number(p, &f.cause)
	Number(p, &f.attempt)
	instant(p, &f.start)
	Number(p, &f.began)
	Number(p, &f.deadline)
	c.flights = f.id
}

func (g *guard) pack(p *Packer) {
	Flags(p, &g.awaited, &g.mine, &g.trial, &g.tried, &g.reports, &g.on)
	Number(p, &g.origin)
	Number(p, &g.last)
	Number(p, &g.awaitedPath)
	Number(p, &g.suspicion)
	Number(p, &g.since)
	Number(p, &g.whole)
	Number(p, &g.level)
	List(p, (*[]path)(&g.paths), func(q *path) {
		Flags(p, &q.accepted, &q.rejected)
		Number(p, &q.name)
	})
}
