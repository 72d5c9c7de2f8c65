package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// expected is what should become of a response, by the words of the contract.
type expected struct {
	life   time.Duration // from the start of the fetch, as all of these
	usable time.Duration
	age    time.Duration // of the fetch
	wall   time.Duration // the same by the wall clock
}

// longestLife is how long a token is believed to live (M7).
const longestLife = 365 * 24 * time.Hour

// expected is what the token that the fetch brought has to become (M2, M5, M7).
func (t *step) expected() expected {
	a := t.response
	x := expected{life: min(a.Lifetime, longestLife), age: t.was.flight.age, wall: t.was.flight.wall}
	if t.action.verb == offer {
		x.age, x.wall = OfferedAge, OfferedAge
	}
	switch {
	case a.expiredOnArrival():
		x.life = 0
	case x.life == 0:
		x.life = t.policy.DefaultLifetime
	}
	x.usable = x.life
	if !a.Kind.again() {
		x.usable -= t.margin(x.life)
	}
	return x
}

func (t *step) margin(life time.Duration) time.Duration {
	if m := t.policy.Margin; m > 0 {
		return min(m, life/2)
	}
	return min(10*time.Second, life/10)
}

// expiredOnArrival: unusable when it arrives (M6).
func (x expected) expiredOnArrival() bool { return x.wall >= x.usable || x.age >= x.usable }

// rounding is what floating point may do to a time.
const rounding = time.Microsecond

// checkPublication holds a published token's times against the response that brought it.
func (t *step) checkPublication() {
	x, p := t.expected(), &t.effects.Publication
	now := t.core.Wall()
	if x.expiredOnArrival() {
		t.fail("M6", "a token that has expired on arrival is published")
	}
	if end := p.EffectiveExpiry.Sub(now); end != x.usable-x.wall {
		t.fail("M2", "the effective expiry is in %v and not in %v", end, x.usable-x.wall)
	}
	if p.Life <= 0 || p.Life > x.usable-x.wall || p.Life > x.usable-x.age+t.slack {
		t.fail("M2", "the published token's timer is set for %v", p.Life)
	}
	t.checkRefreshTime(x, p.RefreshTime.Sub(now)+x.wall)
}

// checkRefreshTime checks the refresh time, from the start of the fetch (M4, M5).
func (t *step) checkRefreshTime(x expected, refreshTime time.Duration) {
	if t.response.Kind.again() {
		if want := min(x.life-t.margin(x.life), x.life-second); refreshTime != want {
			t.fail("M5", "a token that came again has its refresh time after %v and not after %v", refreshTime, want)
		}
		return
	}
	if t.action.verb == offer {
		t.checkSharedRefresh(x, refreshTime)
		return
	}
	usable := float64(x.usable)
	part := usable * t.policy.RefreshFraction
	if t.response.RefreshIn > 0 {
		part = min(float64(t.response.RefreshIn), usable)
	}
	bound := func(jitter float64) time.Duration {
		at := time.Duration(part + usable*jitter)
		return max(min(at, x.usable-2*x.age), x.usable/2)
	}
	least, most := bound(-t.policy.Jitter), bound(t.policy.Jitter)
	if t.clockStepped() { // how long the fetch took is not known then
		least, most = x.usable/2, x.usable
	}
	if refreshTime < least-rounding || refreshTime > most+rounding {
		t.fail("M4", "the refresh time is after %v, which should be from %v to %v", refreshTime, least, most)
	}
}

// mayReply is what each kind of message may get as its reply.
func mayReply(in core.Input, a core.Reply) bool {
	switch in.Kind {
	case core.Get:
		return a == core.Serve || waits(a) || a == core.Failed || a == core.TooShort && in.MinLife > 0
	case core.Invalidate:
		switch {
		case !in.Wait:
			return a == core.Done || in.Current && a == core.Suppressed
		case a == core.Suppressed:
			return in.Current
		}
		return a == core.Serve || waits(a) || a == core.Failed
	case core.Refresh:
		return a == core.Wait || a == core.Failed
	case core.Watch:
		return a == core.None || a == core.Serve || a == core.Failed
	}
	return a == core.None
}

// waits: a caller whose origin has not rejected the token is served it if the first round of the contest fails.
func waits(a core.Reply) bool { return a == core.Wait || a == core.WaitOrServe }
