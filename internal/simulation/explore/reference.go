package explore

import (
	"bytes"

	"github.com/alf-go/alf/internal/core"
)

// checkReference holds a step against another one from the same state that has to lead to the same.
func (x *explorer) checkReference(from *state, t *step) {
	like := t.action
	switch t.action.verb {
	case say:
		x.checkSilence(from, t)
		return
	case wakeStale, expireOld:
		like = action{verb: say, draw: like.draw}
	case rejectOld, retryRejectedOld:
		x.checkStale(from, t, action{verb: say, draw: like.draw})
		return
	case offer, offerRejected:
		x.checkUseless(from, t)
		return
	case retryAccepted, retryRejected, sendAccepted, sendAcceptedLate:
		x.checkOutcome(from, t)
		return
	case replaceOld:
		like.verb = ask
		x.checkStale(from, t, like)
		return
	default:
		return
	}
	c := &x.scratch
	c.reference = *from
	x.do(&x.second, &c.reference, like)
	c.referenceKey = x.appendKey(c.referenceKey[:0], &c.reference)
	switch {
	case bytes.Equal(c.key, c.referenceKey):
	case t.action.verb == wakeStale:
		x.fail("M17", "a timer that is received twice changes something")
	default:
		x.fail("M2", "the timer of an older publication changes something")
	}
}

// checkStale: the rejection of an older token does what its caller would do without it, except that the origin has not
// been quiet (M12, M13).
func (x *explorer) checkStale(from *state, t *step, like action) {
	reference := *from
	want := x.do(&x.second, &reference, like)
	if !sameEffects(&t.effects, &want.effects) || t.effects.Reply != want.effects.Reply && t.action.verb == replaceOld {
		x.fail("M12", "the rejection of an older token changes something")
	}
	if !from.contests.known().has(t.in.Origin) && t.action.verb != retryRejectedOld && !bytes.Equal(hostKey(t.state), hostKey(&reference)) {
		x.fail("M12", "the rejection of an older token changes what is around the core")
	}
}

// checkOutcome: the outcome of a request proves something about its origin, and does nothing besides (M13).
func (x *explorer) checkOutcome(from *state, t *step) {
	reference := *from
	want := x.do(&x.second, &reference, action{verb: say, draw: t.action.draw})
	got := t.effects
	got.N, got.Events = 0, want.effects.Events
	for i := range got.Events {
		got.Events[i] = core.Event{}
	}
	for _, ev := range t.effects.Events[:t.effects.N] {
		if ev.Kind != core.Guarded {
			got.Events[got.N] = ev
			got.N++
		}
	}
	if !sameEffects(&got, &want.effects) || got.Reply != core.None {
		x.fail("M13", "the outcome of a request causes more than a guard")
	}
}

// sameEffects compares what two steps do, except for their replies and for which origins may not use the token.
func sameEffects(a, b *core.Effects) bool {
	return a.Cancel == b.Cancel && a.Withdraw == b.Withdraw && a.Publish == b.Publish && a.Fetch == b.Fetch &&
		a.Release == b.Release && a.Wake == b.Wake && a.Armed == b.Armed && a.Failure == b.Failure &&
		a.Events == b.Events && a.N == b.N && a.Notify == b.Notify
}

// hostKey is the part of a key that is around the core.
func hostKey(s *state) []byte {
	p := core.PackTo(nil)
	h := s.host
	h.contests = contests{}
	h.pack(p)
	return p.Bytes()
}

// checkSilence: whatever message the owner takes, it first does all that is due, so a message that asks for nothing
// finds nothing to do at the same moment (M17).
func (x *explorer) checkSilence(from *state, t *step) {
	if from.clock != 0 {
		return
	}
	e, c := &t.effects, &x.scratch
	c.referenceKey = x.appendKey(c.referenceKey[:0], from)
	if e.N > 0 || e.Cancel || e.Release != core.None || e.Notify != core.None || !bytes.Equal(c.key, c.referenceKey) {
		x.fail("M17", "a message that asks for nothing changes something, though no time has passed")
	}
}
