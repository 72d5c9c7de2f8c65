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
	// unsent says that it has sent no request with the current token.
	unsent bool
	// origin is what its token is for. That origin may reject the published token while the caller waits (M21).
	origin uint64
}

// sendReplies replies to all callers that wait if their wait is over, and to the sender of a message.
func (e *entry) sendReplies(msg message, in *core.Input, effects *core.Effects) {
	if effects.Release != core.None {
		e.release(effects)
	}
	switch to := msg.sender(); {
	case to == nil || effects.Reply == core.None:
	case effects.Reply == core.Wait || effects.Reply == core.WaitOrServe:
		e.waiting = append(e.waiting, waiter{to, effects.Reply, in.Kind == core.Get, in.Origin})
	default:
		to <- e.replyFor(effects.Reply, effects)
	}
}

func (e *entry) replyFor(kind core.Reply, effects *core.Effects) reply {
	switch kind {
	case core.Serve:
		s := e.current.Load()
		s.flags.Or(wasRead)
		return reply{token: s.token}
	case core.ServeExpired:
		return reply{token: e.arrived}
	case core.Failed:
		return reply{err: e.failure}
	case core.Suppressed:
		return reply{err: &SuppressedError{Until: effects.Until}}
	case core.TooShort:
		return reply{err: errTooShort}
	case core.Shut:
		return reply{err: e.closedError()}
	}
	return reply{}
}

// release ends the wait of all callers.
func (e *entry) release(effects *core.Effects) {
	waiting := e.waiting
	e.waiting = nil
	published, contesting := e.current.Load() != nil, e.core.Contesting()
	usable := func(w waiter) bool { return published && (w.origin == 0 || !slices.Contains(contesting, w.origin)) }
	wait := e.replyFor(effects.Release, effects)
	serve := wait
	// A rejection that is suppressed concerns those that have sent a request, and no other.
	served := func(w waiter) bool {
		return (w.as == core.WaitOrServe || w.unsent && effects.Release == core.Suppressed) && usable(w)
	}
	if slices.ContainsFunc(waiting, served) {
		serve = e.replyFor(effects.ReleaseOf(core.WaitOrServe, true), effects)
	}
	handOut := func(to []waiter) {
		for _, w := range to {
			if served(w) {
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
	e.shard.handouts.Go(func() {
		for batch := range slices.Chunk(waiting, replyBatch) {
			handOut(batch)
			runtime.Gosched()
		}
	})
}
