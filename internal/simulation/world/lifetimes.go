package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// askLonger is a caller that wants a token which remains valid for some time, such as for a connection that ends with
// it (M20). It sends no request.
func (p *process) askLonger(min time.Duration) {
	slot := p.freeSlot()
	c := &p.callers[slot]
	c.api, c.path, c.unnamed, c.minLife = 0, 0, true, min
	p.begin(slot)
}

// servesLonger gives such a caller the token that it waited for, unless that does not live as long.
func (p *process) servesLonger(slot int32, value int64) {
	c := &p.callers[slot]
	if s := &p.published; !s.on || s.value != value || s.effectiveExpiry.Sub(p.wall()) < c.minLife {
		p.note(line{what: wReplied, a: int64(slot), b: int64(core.TooShort)})
		p.finish(slot, Refused)
		return
	}
	p.w.cover(CoverLongerLife)
	p.finish(slot, Succeeded)
}

// mayBeTooShort reports whether the endpoint's tokens may live shorter than a caller wants, however well it is. One
// that returns a token again until it expires returns it with ever less of its life.
func (c *caller) mayBeTooShort(k *Parameters) bool {
	return c.minLife > k.Lifetime/3 || c.minLife > 0 && k.Repeat
}

// wantsLonger reports whether a caller wants a token that remains valid for longer than the published one does.
func (c *checker) wantsLonger(wall time.Time, in core.Input) bool {
	return c.tokenOn && !c.closed && c.token.effectiveExpiry.Sub(wall) < in.MinLife
}

// checkLonger: such a caller waits for a successor, unless none would be fetched now or none lives as long. The token
// stays in use for everybody else. round says that one was on.
func (c *checker) checkLonger(in core.Input, e *core.Effects, round bool) {
	enough := c.token.life >= in.MinLife
	switch e.Reply {
	case core.Failed: // when is checked for all callers
	case core.Wait:
		c.broken(!enough && !round, "M20", "a fetch is made for a caller that wants a longer life than tokens have")
	case core.TooShort:
		c.broken(enough || round, "M20", "a caller is refused whose wish the next token may fulfil")
		c.p.w.cover(CoverTooShort)
	default:
		c.broken(true, "M20", "a caller that wants a token for longer gets the reply %q", replyWords[e.Reply])
	}
	// The end of a round that was overdue ends the first round of a contest.
	c.broken(e.Withdraw || e.Contested && e.Release == core.None, "M20", "a caller that wants a token for longer takes it from others")
}
