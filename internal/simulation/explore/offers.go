package explore

import (
	"bytes"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// OfferedAge is how long ago the request was started that brought a token which comes from elsewhere.
const OfferedAge = 2 * time.Second

// sharedSpread is the part of a token's effective lifetime by which its refresh may come later than where it was
// fetched.
const sharedSpread = 0.02

// addOffers adds the tokens that may come from elsewhere.
func (x *explorer) addOffers(s *state, add func(v verb, who int)) {
	for i, a := range x.world.Offers {
		if a.Kind.again() && !s.held {
			continue
		}
		add(offer, i)
		if s.held {
			add(offerRejected, i)
		}
	}
}

// offered is a token that comes from elsewhere.
func (t *step) offered() {
	t.response = t.world.Offers[t.action.who]
	start := t.now().Add(-OfferedAge)
	t.send(core.Input{
		Kind: core.Offered, Start: start, Rejected: t.action.verb == offerRejected,
		Result: core.Result{
			OK: true, Expiry: start.Add(t.response.Lifetime), Same: t.response.Kind.again(), RefreshIn: t.response.RefreshIn,
		},
	})
}

// adopted: the step adopts a token that comes from elsewhere.
func (t *step) adopted() bool { return t.action.verb == offer && t.effects.Publish }

// supersede notes that what goes on is over.
func (t *step) supersede() {
	if !t.adopted() {
		return
	}
	if t.world.Fetches > 0 {
		t.fetches++
	}
	if t.flight.on {
		t.flight.stale, t.checker.failureReported = true, true
	}
}

// checkOffer: a token from elsewhere is adopted if and only if it can be used and was not rejected here. Then nothing
// goes on any more for the sake of a token, and callers that wait get it (D).
func (t *step) checkOffer() {
	if t.in.Kind != core.Offered {
		return
	}
	rejected := t.action.verb == offerRejected || t.response.Kind.again() && t.was.contests.contesting != 0
	alive := !t.response.Kind.again() || t.was.snapshot.on && t.snapshot.on
	useful := !t.closed && !rejected && alive && !t.expected().expiredOnArrival()
	switch e := &t.effects; {
	case e.Publish && !useful:
		t.fail("D4", "a token from elsewhere is adopted that was rejected, or cannot be used")
	case !e.Publish && useful:
		t.fail("D1", "a token from elsewhere is not adopted")
	case !e.Publish:
	case t.was.checker.round && (e.Release == core.None || t.waiting+t.orServed > 0):
		t.fail("D1", "a token came from elsewhere, and callers go on waiting for one")
	case t.flight.on && !t.flight.cancelled:
		t.fail("D1", "a token came from elsewhere, and the fetch in flight goes on")
	case e.Fetch && t.snapshot.refreshTime > 0:
		t.fail("D1", "a token came from elsewhere, and another one is fetched")
	}
}

// checkSharedRefresh checks when a token from elsewhere is refreshed: as its endpoint or the policy says, or a little
// later, and with precedence no earlier than half of its effective lifetime.
func (t *step) checkSharedRefresh(x expected, refreshTime time.Duration) {
	part := t.response.RefreshIn
	if part == 0 {
		part = time.Duration(float64(x.usable) * t.policy.RefreshFraction)
	}
	spread := time.Duration(float64(x.usable) * sharedSpread)
	least, most := max(min(part, x.usable), x.usable/2), max(min(part+spread, x.usable), x.usable/2)
	if refreshTime < least-rounding || refreshTime > most+rounding {
		t.fail("M4", "the refresh time of a token from elsewhere is after %v, which should be from %v to %v", refreshTime, least, most)
	}
}

// checkUseless: a token from elsewhere that is not adopted changes nothing.
func (x *explorer) checkUseless(from *state, t *step) {
	if t.effects.Publish {
		return
	}
	c := &x.scratch
	c.reference = *from
	x.do(&x.second, &c.reference, action{verb: say, draw: t.action.draw})
	if c.referenceKey = x.appendKey(c.referenceKey[:0], &c.reference); !bytes.Equal(c.key, c.referenceKey) {
		x.fail("D4", "a token from elsewhere that is not adopted changes something")
	}
}
