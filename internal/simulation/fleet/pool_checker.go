package fleet

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// poolChecker holds the pool against P1, P2 and P4. It keeps its own record of each token, from what its core decides
// and what its callers do, and never looks into the pool.
type poolChecker struct {
	*tokenPool
	in      map[string]*token // by the parts of its target
	members []*token

	evictions int
}

// known is what the checker knows of a token.
type known struct {
	place    int // among the members, from 1; 0: it is none
	lastUse  time.Duration
	lastBusy time.Duration // when a step found or left it busy last
	busy     bool
	fetching bool // a fetch waits or is in flight
	contest  bool
	// guardUntil is until when an origin must be guarded, and failingUntil until when no fetch may start.
	guardUntil, failingUntil time.Duration
	// failed says that its last fetch was no success, rejected that it had a rejection or an abandoned fetch. Both may
	// keep it busy for longer than can be said here.
	failed, rejected bool
}

func (c *poolChecker) init(p *tokenPool) { *c = poolChecker{tokenPool: p, in: map[string]*token{}} }

// partsOf distinguishes targets, independently of their keys.
func partsOf(g *target) string { return fmt.Sprintf("%q", g.parts) }

// learns takes from a step what it says about the token.
func (t *token) learns(e *core.Effects) {
	now := t.w.Now
	switch {
	case e.Enqueue:
		t.fetching = true
	case e.Unqueue || e.Decline || e.Freed:
		t.fetching = false
	}
	t.contest = len(t.core.Contesting()) > 0
	for _, ev := range e.Events[:e.N] {
		switch ev.Kind {
		case core.Guarded:
			t.guardUntil = now + time.Minute
		case core.FetchEnded:
			t.failed = ev.Class != core.ClassOK // there may be another attempt
		case core.BackedOff:
			t.failingUntil = ev.Until.Sub(epoch)
			t.failed = true
		case core.Published:
			t.failingUntil, t.failed = 0, false
		case core.Rejected, core.RejectionSuppressed, core.FetchAbandoned:
			t.rejected = true
		}
	}
	if t.called == now {
		t.lastUse = now
	}
	before := t.busy
	if t.busy = !t.mayLeave(); before || t.busy {
		t.lastBusy = now
	}
}

// mustStay reports why a token may not leave; "" if it may.
func (t *token) mustStay() string {
	now := t.w.Now
	switch {
	case len(t.waiting) > 0:
		return "callers wait for it"
	case t.fetching:
		return "it is being fetched"
	case t.watchers > 0:
		return "it is watched"
	case t.contest:
		return "it is contested"
	case now < t.guardUntil:
		return "an origin is guarded"
	case now < t.failingUntil && now < t.called+time.Minute && t.called > 0:
		return "its fetches have failed, and its last caller came a moment ago"
	}
	return ""
}

// mayLeave reports whether there can be no reason to keep a token. Between this and mustStay is what only its core
// knows.
func (t *token) mayLeave() bool { return t.joined && t.mustStay() == "" && !t.failed && !t.rejected }

// creates is a token that joins.
func (c *poolChecker) creates(t *token) {
	parts := partsOf(t.target)
	c.w.broken(c.in[parts] != nil, "P1", "target %d has a second token", t.target.id)
	limits := &c.w.parameters.Pool
	if len(c.members) >= limits.MaxBusy {
		busy := 0
		for _, o := range c.members {
			if o.mustStay() != "" {
				busy++
			}
		}
		c.w.broken(busy >= limits.MaxBusy, "P4", "a token is added to %d that are busy, and the limit is %d", busy, limits.MaxBusy)
	}
	c.in[parts] = t
	c.members = append(c.members, t)
	t.place, t.lastUse = len(c.members), c.w.Now
	c.w.broken(len(c.members) > limits.MaxTokens, "P4", "there are %d tokens, and the limit is %d", len(c.members), limits.MaxTokens)
}

// leaves is a token that is a member no longer, for whatever reason.
func (c *poolChecker) leaves(t *token) {
	if t.place == 0 {
		c.w.violate("P1", "token %d leaves the pool, and is not in it", t.id)
		return
	}
	last := c.members[len(c.members)-1]
	c.members[t.place-1], last.place = last, t.place
	c.members = c.members[:len(c.members)-1]
	t.place = 0
	delete(c.in, partsOf(t.target))
}

// evicts is a token that makes room for another one.
func (c *poolChecker) evicts(t *token) {
	why := t.mustStay()
	c.w.broken(why != "", "P4", "token %d makes room, though %s", t.id, why)
	c.evictions++
	many := len(c.members) > 100 && c.evictions%16 > 0 // to compare all takes long, and the pool looks at 1,000 at most
	if slack := c.slack(); !many && len(c.members) <= 1000 {
		for _, o := range c.members {
			c.w.broken(o.mayLeave() && max(o.lastUse, o.lastBusy)+slack < t.lastUse, "P4", "token %d, last used at %v, makes room, though token %d was last used at %v", t.id, t.lastUse, o.id, o.lastUse)
		}
	}
	c.leaves(t)
}

// slack is how exactly the pool knows when a token was used: an owner looks eight times until one is forgotten.
func (c *poolChecker) slack() time.Duration {
	return c.w.pool.members.Policy().IdleTime/4 + 2*time.Second
}

// forgets is a token that was not used for long.
func (c *poolChecker) forgets(t *token) {
	why := t.mustStay()
	c.w.broken(why != "", "P4", "token %d is forgotten, though %s", t.id, why)
	unused := c.w.Now - t.lastUse
	c.w.broken(unused < c.w.parameters.Pool.IdleTime-time.Second, "P4", "token %d is forgotten %v after its last use", t.id, unused)
	c.leaves(t)
}

// refuses is a caller that gets no token, because the pool is full.
func (c *poolChecker) refuses(g *target) {
	idle := 0
	for _, o := range c.members {
		if o.mayLeave() {
			idle++
		}
	}
	limits := c.w.pool.members.Policy()
	busy := len(c.members) - idle
	full := busy >= limits.MaxBusy || len(c.members) >= limits.MaxTokens && idle == 0
	c.w.broken(!full, "P4", "a caller of target %d is refused with %d tokens, of which %d are busy", g.id, len(c.members), busy)
	c.w.broken(c.in[partsOf(g)] != nil, "P4", "a caller of target %d is refused, and its token is there", g.id)
}

// finish looks at what is left in the end.
func (c *poolChecker) finish() {
	now := c.w.Now
	for _, t := range c.members {
		unused := now - t.lastUse
		c.w.broken(t.mayLeave() && unused > c.w.parameters.Pool.IdleTime+c.slack(), "P4", "token %d was last used %v ago, and is still there", t.id, unused)
	}
	for _, v := range c.watchers {
		if v.until <= now || v.token == nil {
			continue
		}
		alive := v.token.published && now < v.token.end || v.token.fetching || v.token.failingUntil > now
		c.w.broken(!alive, "W2", "token %d is watched, and is lost for good", v.token.id)
	}
}
