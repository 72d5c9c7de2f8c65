package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// offer hands in a token that the store does not have: it was fetched while the store did not work, or the store has
// lost it (D4). Now and then it asks whether the store still has it, because a push may be lost (D9).
func (s *step) offer() {
	h := &s.held
	if !s.offerable() || s.elapsed < h.offerAt || s.elapsed < s.circuit.until {
		return
	}
	h.offerAt = s.nextPoll()
	c := store.Command{Kind: store.Offer, Lease: Lease.Milliseconds(), Seen: s.seen, Digest: h.digest, Expires: 1}
	if s.clock.known {
		c.Expires = max(s.expiresAt(), 1)
	}
	s.send(c)
	s.op.blind = !s.clock.known
}

// offerable reports whether the token at hand is one that others may use, and whether the store is to be asked about
// it.
func (c *Core) offerable() bool {
	h := &c.held
	return h.on && !h.refused && h.expires-c.elapsed >= Lease && !c.isRejected(h.digest) &&
		(h.version == (store.Version{}) || c.policy.Poll > 0)
}

// nextPoll is when the store is asked whether it still has the token.
func (s *step) nextPoll() Elapsed {
	return s.elapsed + max(s.policy.Poll, Lease) + time.Duration(float64(s.policy.Poll)*s.draw/2)
}

// spread is a short wait of any length, so that of many processes one is the first.
func (s *step) spread() time.Duration { return time.Duration(float64(offerSpread) * s.draw) }

// offerReplied is the reply.
func (s *step) offerReplied(in Input) {
	h := &s.held
	switch r := &in.Reply; r.Kind {
	case store.Have:
		h.version = r.Version // it has this one, or one that is as good
		if r.Record.Digest == h.digest {
			s.see(r.Version)
			return
		}
		s.take(r.Version, r.Record, in.Opened)
	case store.Fetch:
		s.Offered = true
		s.fetch = fetch{grant: r.Grant, end: store.Publish}
		if !h.on {
			s.fetch.end = store.Release
		}
	case store.Wait:
		h.offerAt = s.elapsed + min(max(s.clock.until(r.Until, s.elapsed), shortestWait), longestPoll)
	case store.Refused:
		if s.op.blind {
			h.offerAt = s.elapsed // now the store's time is known
			return
		}
		h.refused = true
	}
}
