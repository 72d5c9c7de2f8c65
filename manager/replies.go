package manager

import (
	"runtime"
	"slices"

	"github.com/alf-go/alf/internal/core"
)

const (
	// maxInlineReplies is how many replies the owner sends itself. Beyond it a helper does, so that a large number of
	// callers waiting for one fetch does not delay those that come after.
	maxInlineReplies = 1000
	// replyBatch is how many a helper sends before it lets others run, those it has just woken among them. Without that
	// the scheduler lets it go on for 10 to 20 ms, and wakes no other goroutine on its processor meanwhile.
	replyBatch = 100
)

// waiter is a caller that waits.
type waiter struct {
	to chan<- reply
	// as is the core's reply that made it wait.
	as core.Reply
}

// sendReplies replies to all callers that wait if their wait is over, and to the sender of a message.
func (o *owner) sendReplies(msg message, e *core.Effects) {
	if e.Release != core.None {
		o.release(e)
	}
	switch to := msg.sender(); {
	case to == nil || e.Reply == core.None:
	case e.Reply == core.Wait || e.Reply == core.WaitOrServe:
		o.waiting = append(o.waiting, waiter{to, e.Reply})
	default:
		to <- o.replyFor(e.Reply, e)
	}
}

func (o *owner) replyFor(kind core.Reply, e *core.Effects) reply {
	switch kind {
	case core.Serve:
		s := o.current.Load()
		s.flags.Or(wasRead)
		return reply{token: s.token}
	case core.ServeExpired:
		return reply{token: o.arrived}
	case core.Failed:
		return reply{err: o.failure}
	case core.Suppressed:
		return reply{err: &SuppressedError{Until: e.Until}}
	case core.TooShort:
		return reply{err: errTooShort}
	case core.Shut:
		return reply{err: ErrClosed}
	}
	return reply{}
}

// release ends the wait of all callers.
func (o *owner) release(e *core.Effects) {
	waiting := o.waiting
	o.waiting = nil
	usable := o.current.Load() != nil
	wait := o.replyFor(e.Release, e)
	serve := wait
	if slices.ContainsFunc(waiting, func(w waiter) bool { return w.as == core.WaitOrServe }) {
		serve = o.replyFor(e.ReleaseOf(core.WaitOrServe, usable), e)
	}
	handOut := func(to []waiter) {
		for _, w := range to {
			if w.as == core.WaitOrServe {
				w.to <- serve
			} else {
				w.to <- wait
			}
		}
	}
	if len(waiting) <= maxInlineReplies {
		handOut(waiting)
		return
	}
	o.handouts.Go(func() {
		for batch := range slices.Chunk(waiting, replyBatch) {
			handOut(batch)
			runtime.Gosched()
		}
	})
}
