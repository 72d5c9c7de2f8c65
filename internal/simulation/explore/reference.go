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
	case rejectOld, wakeStale, expireOld:
		like.verb = say
	case replaceOld:
		like.verb = ask
	default:
		return
	}
	c := &x.scratch
	c.reference = *from
	want := x.do(&x.second, &c.reference, like)
	c.referenceKey = x.appendKey(c.referenceKey[:0], &c.reference)
	same := bytes.Equal(c.key, c.referenceKey)
	if t.action.verb == replaceOld {
		same = same && t.effects.Reply == want.effects.Reply
	}
	switch {
	case same:
	case t.action.verb == rejectOld || t.action.verb == replaceOld:
		x.fail("M12", "the rejection of an older token changes something")
	case t.action.verb == wakeStale:
		x.fail("M17", "a timer that is received twice changes something")
	default:
		x.fail("M2", "the timer of an older publication changes something")
	}
}

// checkSilence: whatever message the owner takes, it first does all that is due, so a message that asks for nothing finds
// nothing to do at the same moment (M17).
func (x *explorer) checkSilence(from *state, t *step) {
	if from.clock != 0 {
		return
	}
	e, c := &t.effects, &x.scratch
	c.referenceKey = x.appendKey(c.referenceKey[:0], from)
	if e.N > 0 || e.Cancel || e.Release != core.None || !bytes.Equal(c.key, c.referenceKey) {
		x.fail("M17", "a message that asks for nothing changes something, though no time has passed")
	}
}
