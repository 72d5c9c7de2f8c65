package core

import "time"

// maxZeros is more than the zeros at the end of any packed core.
const maxZeros = 64

// Pack appends c to b in a form that takes few bytes, for a token about which nothing is going on: the owner of many
// tokens keeps an idle one packed and unpacks it for a step (P5). What it unpacks to does the same as c from here on,
// and goes on counting. at is the time by the owner's own count.
func (c *Core) Pack(b []byte, at Elapsed) []byte {
	p := PackTo(b)
	c.packCounts(p, &at)
	b = c.AppendKey(p.b)
	for len(b) > 0 && b[len(b)-1] == 0 { // most of the rest is zero
		b = b[:len(b)-1]
	}
	return b
}

// Unpack is the reverse of [Core.Pack]. now is the clock's reading, at the time by the owner's own count, and end the
// effective expiry of the published token, if there is one. Elapsed times count from the time of packing, which is
// returned.
func Unpack(policy Policy, packed []byte, now time.Time, at Elapsed, end time.Time) (c Core, packedAt Elapsed) {
	var counts Core
	p := UnpackFrom(append(packed[:len(packed):len(packed)], make([]byte, maxZeros)...))
	counts.packCounts(p, &packedAt)
	c, _ = FromKey(policy, p.b)
	c.tokens, c.token.id, c.flights, c.publications = counts.tokens, counts.token.id, counts.flights, counts.publications
	if c.token.on {
		c.token.publication = c.publications
		if !c.token.refreshTime.IsZero() {
			c.token.refreshTime = end.Add(c.token.refreshTime.Sub(c.token.end))
		}
		c.token.end = end
	}
	c.last, c.elapsed = now, at-packedAt
	return c, packedAt
}

// packCounts names what a canonical core has lost.
func (c *Core) packCounts(p *Packer, at *Elapsed) {
	Number(p, at)
	Number(p, &c.tokens)
	Number(p, &c.token.id)
	Number(p, &c.flights)
	Number(p, &c.publications)
}

// Resting reports whether nothing is going on about the token: no fetch, no round, no contest, no guard, and no origin
// that is remembered. A resting core may be packed; what it is idle or backing off for stays in it.
func (c *Core) Resting() bool {
	return !c.flight.on && !c.round.on && c.abandoned == 0 && !c.recheck.running && !c.closed &&
		len(c.contest.origins) == 0 && !c.guards.remembering(c.elapsed)
}
