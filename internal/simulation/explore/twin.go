package explore

import (
	"bytes"

	"github.com/alf-go/alf/internal/core"
)

// checkTwin holds a step against another one from the same state that has to lead to the same.
func (x *explorer) checkTwin(from *state, t *turn) {
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
	c.twin = *from
	want := x.do(&x.second, &c.twin, like)
	c.twinKey = x.appendKey(c.twinKey[:0], &c.twin)
	same := bytes.Equal(c.key, c.twinKey)
	if t.action.verb == replaceOld {
		same = same && t.effects.Reply == want.effects.Reply
	}
	switch {
	case same:
	case t.action.verb == rejectOld || t.action.verb == replaceOld:
		x.fail("M12", "the rejection of an older token changes something")
	case t.action.verb == wakeStale:
		x.fail("M17", "a timer that is heard of twice changes something")
	default:
		x.fail("M2", "the timer of an older publication changes something")
	}
}

// checkSilence: whatever message the owner takes, it first does all that is due, so a message that asks for nothing finds
// nothing to do at the same moment (M17).
func (x *explorer) checkSilence(from *state, t *turn) {
	if from.clock != 0 {
		return
	}
	e, c := &t.effects, &x.scratch
	c.twinKey = x.appendKey(c.twinKey[:0], from)
	if e.N > 0 || e.Cancel || e.Release != core.None || !bytes.Equal(c.key, c.twinKey) {
		x.fail("M17", "a message that asks for nothing changes something, though no time has passed")
	}
}
