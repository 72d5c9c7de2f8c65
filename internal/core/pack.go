package core

import "time"

// Pack appends c to b in a form that takes few bytes, for a token about which nothing is going on: the owner of many
// tokens keeps an idle one packed and unpacks it for a step (P5). What it unpacks to does the same as c from here on,
// and goes on counting.
func (c *Core) Pack(b []byte) []byte {
	p := PackTo(b)
	wall := c.Wall()
	seconds, nanoseconds := wall.Unix(), int64(wall.Nanosecond())
	c.packCounts(p, &seconds, &nanoseconds)
	return c.AppendKey(p.b)
}

// Unpack is the reverse of [Core.Pack]. now is the clock's reading, and passed how much time has elapsed since the core
// was packed. Elapsed times count from there.
func Unpack(policy Policy, packed []byte, now time.Time, passed Elapsed) Core {
	var (
		counts               Core
		seconds, nanoseconds int64
	)
	p := UnpackFrom(packed)
	counts.packCounts(p, &seconds, &nanoseconds)
	c, _ := FromKey(policy, p.b)
	c.tokens, c.token.id, c.flights, c.publications = counts.tokens, counts.token.id, counts.flights, counts.publications
	if c.token.on {
		c.token.publication = c.publications
		wall := time.Unix(seconds, nanoseconds)
		c.token.end = wall.Add(c.token.end.Sub(epoch))
		if !c.token.refreshTime.IsZero() {
			c.token.refreshTime = wall.Add(c.token.refreshTime.Sub(epoch))
		}
	}
	c.last, c.elapsed = now, passed
	return c
}

// packCounts names what a canonical core has lost.
func (c *Core) packCounts(p *Packer, seconds, nanoseconds *int64) {
	Number(p, seconds)
	Number(p, nanoseconds)
	Number(p, &c.tokens)
	Number(p, &c.token.id)
	Number(p, &c.flights)
	Number(p, &c.publications)
}

// Resting reports whether nothing is going on about the token: no fetch, no round, no contest, no guard, and no origin
// that is remembered. A resting core may be packed; what it is idle or backing off for stays in it.
func (c *Core) Resting() bool {
	return !c.flight.on && !c.round.on && c.abandoned == 0 && !c.recheck.running && !c.closed &&
		len(c.contest.origins) == 0 && !c.remembersOrigins()
}

func (c *Core) remembersOrigins() bool {
	for i := range c.guards.origins {
		if !c.guards.origins[i].forgotten(c.elapsed) {
			return true
		}
	}
	return false
}

// BackingOff reports whether no fetch may start because others failed.
func (c *Core) BackingOff() bool { return c.backoff.kind != noBackoff && c.elapsed < c.backoff.until }
