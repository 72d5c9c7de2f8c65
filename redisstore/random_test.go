package redisstore_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/alf-go/alf/store"
)

// party draws commands that some processes might send, in and out of order, and learns from the replies what makes the
// next ones matter.
type party struct {
	rng    *rand.Rand
	now    store.Time
	seen   [3]store.Version
	grants []grant
	sent   []store.Command
	tokens int
}

type grant struct {
	owner   int
	version store.Version
	offered bool
}

func newParty(seed uint64) *party {
	return &party{rng: rand.New(rand.NewPCG(seed, 3)), now: 1_790_000_000_000}
}

func (p *party) chance(of float64) bool { return p.rng.Float64() < of }

func digest(n int) store.Digest { return store.Digest(fmt.Sprintf("%032x", n)) }
func owner(n int) string        { return fmt.Sprintf("owner-%d", n) }

// pass lets time pass, which may be set back.
func (p *party) pass() {
	switch p.rng.IntN(40) {
	case 0:
		p.now += store.Time(p.rng.Int64N(4_000_000))
	case 1:
		p.now -= store.Time(p.rng.Int64N(1_001))
	case 2:
		if p.chance(0.2) {
			p.now -= store.Time(p.rng.Int64N(10_000_000))
		}
	case 3, 4, 5:
		p.now += store.Time(p.rng.Int64N(70_000))
	default:
		p.now += store.Time(p.rng.Int64N(700))
	}
}

// token is one that was fetched, most likely the last.
func (p *party) token() store.Digest {
	if p.chance(0.2) {
		return digest(1_000 + p.rng.IntN(p.tokens+1))
	}
	return digest(1_000 + p.tokens)
}

func (p *party) origin() store.Digest {
	if p.chance(0.05) {
		return digest(100 + p.rng.IntN(200)) // more than are remembered
	}
	return digest(p.rng.IntN(3))
}

func (p *party) note() []byte {
	if p.chance(0.5) {
		return nil
	}
	note := make([]byte, 1+p.rng.IntN(store.MaxNote))
	for i := range note {
		note[i] = byte(p.rng.IntN(256))
	}
	return note
}

func (p *party) expires() store.Time {
	if p.chance(0.02) {
		return store.MaxNumber
	}
	return p.now + store.Time(p.rng.Int64N(900_000)) - 2_000
}

func (p *party) next() store.Command {
	if len(p.sent) > 0 && p.chance(0.05) {
		return p.sent[p.rng.IntN(len(p.sent))]
	}
	lease := int64(store.MinLease + p.rng.IntN(4_000))
	if len(p.grants) > 0 && p.chance(0.5) {
		g := p.grants[len(p.grants)-1]
		if p.chance(0.2) {
			g = p.grants[p.rng.IntN(len(p.grants))]
		}
		c := store.Command{Owner: owner(g.owner), Grant: g.version}
		switch p.rng.IntN(6) {
		case 0:
			c.Kind, c.Lease = store.Extend, lease
		case 1:
			c.Kind = store.Release
		case 2:
			c.Kind, c.Class, c.Behind = store.Hold, store.Class(1+p.rng.IntN(2)), p.chance(0.3)
			c.Until, c.Failures, c.Note = p.now+store.Time(p.rng.Int64N(store.MaxHold+90_000)), 1+p.rng.Int64N(9), p.note()
		default:
			if !p.chance(0.1) {
				p.tokens++
			}
			c.Kind, c.Digest, c.Expires, c.Offered = store.Publish, p.token(), p.expires(), g.offered
			c.Sealed = append(p.note(), 0, '\n', byte(p.tokens))
		}
		return c
	}
	who := p.rng.IntN(len(p.seen))
	switch p.rng.IntN(8) {
	case 0, 1:
		return store.Command{Kind: store.Offer, Owner: owner(who), Lease: lease, Seen: p.seen[who], Digest: p.token(), Expires: max(p.expires(), 1)}
	case 2, 3:
		return store.Command{
			Kind: store.Outcome, Digest: p.token(), Origin: p.origin(), Accepted: p.chance(0.5), Guarded: p.chance(0.05),
			Age: p.rng.Int64N(90_000), Note: p.note(),
		}
	}
	c := store.Command{Kind: store.Acquire, Owner: owner(who), Lease: lease, Seen: p.seen[who], Urgent: p.chance(0.3), Manual: p.chance(0.05)}
	if p.chance(0.01) {
		c.Seen = store.Version{Epoch: int64(p.now) + p.rng.Int64N(1_000_000), Gen: 7}
	}
	if p.chance(0.6) {
		c.Rejected, c.Origin, c.Good, c.Guarded, c.Note = p.token(), p.origin(), p.chance(0.2), p.chance(0.05), p.note()
	}
	return c
}

// learn takes over what a reply says to the sender.
func (p *party) learn(c store.Command, r store.Reply) {
	p.sent = append(p.sent, c)
	for who := range p.seen {
		if c.Owner != owner(who) {
			continue
		}
		if r.Kind == store.Have && p.seen[who].Less(r.Version) && p.chance(0.8) {
			p.seen[who] = r.Version
		}
		if r.Kind == store.Fetch {
			p.grants = append(p.grants, grant{who, r.Grant, c.Kind == store.Offer})
		}
	}
}
