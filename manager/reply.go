package manager

import (
	"runtime"
	"slices"

	"github.com/alf-go/alf/internal/core"
)

const (
	// aCrowd is how many answers the owner hands out itself. Beyond it a helper does, so that a large crowd waiting for one
	// fetch does not hold up those who come after.
	aCrowd = 1000
	// aBatch is how many a helper hands out before it lets others run, those it has just woken among them. Without that the
	// scheduler lets it go on for 10 to 20 ms, and wakes nobody else on its processor meanwhile.
	aBatch = 100
)

// reply answers everyone who waits if their wait is over, and the sender of a message.
func (o *owner) reply(msg message, e *core.Effects) {
	if e.Release != core.None {
		o.release(o.answer(e.Release, e))
	}
	switch to := msg.sender(); {
	case to == nil || e.Reply == core.None:
	case e.Reply == core.Wait:
		o.waiting = append(o.waiting, to)
	default:
		to <- o.answer(e.Reply, e)
	}
}

func (o *owner) answer(kind core.Reply, e *core.Effects) answer {
	switch kind {
	case core.Serve:
		s := o.current.Load()
		s.attention.CompareAndSwap(unread, read)
		return answer{token: s.token}
	case core.ServeExpired:
		return answer{token: o.arrived}
	case core.Failed:
		return answer{err: o.failure}
	case core.Suppressed:
		return answer{err: &SuppressedError{Until: e.Until}}
	case core.Shut:
		return answer{err: ErrClosed}
	}
	return answer{}
}

func (o *owner) release(a answer) {
	crowd := o.waiting
	o.waiting = nil
	if len(crowd) <= aCrowd {
		handOut(crowd, a)
		return
	}
	o.handouts.Go(func() {
		for batch := range slices.Chunk(crowd, aBatch) {
			handOut(batch, a)
			runtime.Gosched()
		}
	})
}

func handOut(to []chan<- answer, a answer) {
	for _, reply := range to {
		reply <- a
	}
}
