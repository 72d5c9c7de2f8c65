package manager

import "github.com/alf-go/alf/internal/core"

// aCrowd is how many answers the owner hands out itself. Beyond it a helper does, so that a large crowd waiting for one
// fetch does not hold up those who come after.
const aCrowd = 1000

// reply answers everyone who waits if their wait is over, and the sender of a message.
func (o *owner) reply(msg message, e *core.Effects) {
	if e.Release != core.None {
		o.release(o.answer(e.Release, e))
	}
	switch to := msg.sender(); {
	case to == nil || e.Answer == core.None:
	case e.Answer == core.Wait:
		o.waiting = append(o.waiting, to)
	default:
		to <- o.answer(e.Answer, e)
	}
}

func (o *owner) answer(kind core.Answer, e *core.Effects) answer {
	switch kind {
	case core.Serve:
		s := o.current.Load()
		s.attention.CompareAndSwap(unread, read)
		return answer{token: s.token}
	case core.ServeDead:
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
	o.handouts.Go(func() { handOut(crowd, a) })
}

func handOut(to []chan<- answer, a answer) {
	for _, reply := range to {
		reply <- a
	}
}
