package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// Tokens come from elsewhere: from processes that share theirs (D). Here these are no processes of the world; only
// their tokens are.

// nextOffer plans the next token from elsewhere for a process.
func (w *World) nextOffer(p int32) {
	if at := w.now + w.offering.about(w.parameters.Offers) + time.Nanosecond; at < w.faultsEnd {
		w.plan(event{at: at, kind: fault, p: p, a: elsewhere})
	}
}

// offer is a token that is issued elsewhere, and comes to a process some time later. It may be an older one by then.
func (w *World) offer(p int32) {
	w.nextOffer(p)
	e := &w.endpoint
	if e.trouble != Healthy {
		return
	}
	if w.parameters.OneActive {
		for i := len(e.tokens) - 1; i >= 0 && !e.tokens[i].revoked; i-- {
			e.tokens[i].revoked = true
		}
	}
	e.tokens = append(e.tokens, issued{at: w.now, expires: w.now + w.parameters.Lifetime, keys: e.keys})
	takes := w.offering.between(0, 100*time.Millisecond)
	if w.offering.chance(0.2) {
		takes = w.offering.between(0, w.parameters.Lifetime)
	}
	value := int64(len(e.tokens))
	w.plan(event{at: w.now + takes, kind: offerComes, p: p, a: value})
	if w.offering.chance(0.3) { // and again, when it may have been rejected
		w.plan(event{at: w.now + takes + w.offering.between(0, w.parameters.Lifetime), kind: offerComes, p: p, a: value})
	}
}

// offerComes gives a process a token from elsewhere. Like a manager, the process knows whether it is newer than the one
// at hand, and whether it was rejected here. Whether the one at hand is rejected is for the core to know.
func (p *process) offerComes(value int64) {
	rejected := p.rejected[value] && value != p.held
	if p.ended || value < p.held && !rejected {
		return
	}
	t := &p.w.endpoint.tokens[value-1]
	start := p.wall().Add(t.at - p.w.now)
	in := core.Input{Kind: core.Offered, Start: start, Rejected: rejected, Result: core.Result{
		OK: true, Expiry: start.Add(t.expires - t.at), Same: value == p.held,
	}}
	p.w.arriving = flight{value: value, start: start}
	p.step(in, ticket{}, line{what: wOffered, a: value})
}

// noteRejected remembers a value that an origin rejected.
func (p *process) noteRejected(value int64) {
	if p.rejected == nil {
		p.rejected = map[int64]bool{}
	}
	p.rejected[value] = true
}

// supersedes notes that a token comes from elsewhere, and checks whether it is adopted (D): if and only if it can be
// used and was not rejected here.
func (c *checker) supersedes(in core.Input, e *core.Effects) {
	c.offered = in.Kind == core.Offered
	if !c.offered {
		return
	}
	contested := in.Result.Same && len(c.contests.contesting) > 0
	c.broken(e.Publish && (in.Rejected || contested), "D4", "a token from elsewhere is adopted that was rejected here")
	if !e.Publish {
		alive := in.Result.Expiry.Sub(c.last)*9/10 > 10*time.Second+slack
		c.broken(!c.closed && !in.Rejected && !in.Result.Same && alive && !c.p.w.drawn.Extreme, "D1", "a token from elsewhere is not adopted")
		c.p.w.coverIf(in.Rejected, CoverRejectedOffer)
		return
	}
	c.p.w.cover(CoverOffer)
	c.p.w.coverIf(len(c.p.waiting) > 0, CoverOfferReleases)
	c.broken(e.Release == core.None && len(c.p.waiting) > 0, "D1", "a token came from elsewhere, and callers go on waiting for one")
	if c.running {
		c.stale, c.failureReported = true, true
		c.p.w.cover(CoverStaleFetch)
	}
	for i := range c.contests.origins {
		c.contests.origins[i].caused = false // no fetch serves these rejections any more
	}
}
