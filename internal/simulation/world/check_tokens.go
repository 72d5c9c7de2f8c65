package world

import (
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// tokenRecord is the published token as the checker computes it.
type tokenRecord struct {
	value           int64
	number          uint64
	effectiveExpiry time.Time
	timerAt         time.Duration
	refreshTime     time.Time
	earliestRefresh time.Time
	repeated        bool
	life            time.Duration // from the start of its fetch to the effective expiry
	published       core.Elapsed
}

// publishes recomputes from the contract what the core made of an endpoint's word.
func (c *checker) publishes(wall time.Time, e *core.Effects) {
	p := e.Publication
	c.broken(c.closed, "M14", "a token is published after Close")
	expiry := c.result.Expiry
	if expiry.IsZero() {
		expiry = c.resultStart.Add(c.p.w.policy.DefaultLifetime)
	}
	if latest := c.resultStart.Add(365 * 24 * time.Hour); expiry.After(latest) {
		expiry = latest
		c.p.w.cover(CoverLifetimeClamped)
	}
	c.broken(!p.Expiry.Equal(expiry), "M7", "a token's expiry is %v, and ought to be %v", p.Expiry, expiry)
	life := expiry.Sub(c.resultStart)
	usable := life - min(10*time.Second, life/10)
	if margin := c.p.w.policy.Margin; margin > 0 {
		usable = life - min(margin, life/2)
	}
	end := c.resultStart.Add(usable)
	if c.result.Same {
		c.p.w.cover(CoverSameValue)
		c.broken(p.RefreshTime.Before(c.resultStart.Add(min(usable, life-time.Second))), "M5", "a repeated token is refreshed before its effective expiry")
		end = expiry
	} else {
		c.broken(p.RefreshTime.Before(c.resultStart.Add(usable/2)) || p.RefreshTime.After(end), "M4", "the refresh time is %v after the start, of a usable life of %v", p.RefreshTime.Sub(c.resultStart), usable)
	}
	c.broken(!p.EffectiveExpiry.Equal(end), "M2", "a token's end is %v, and ought to be %v", p.EffectiveExpiry, end)
	began := c.began
	if c.offered {
		began = c.elapsed - wall.Sub(c.resultStart)
	}
	left := min(end.Sub(wall), end.Sub(c.resultStart)-(c.elapsed-began))
	c.broken(left <= 0, "M6", "an expired token is published")
	c.broken(p.Life != left, "M2", "a token is published for %v, and ought to be for %v", p.Life, left)
	c.gate = 0
	if c.result.Same || life < time.Second {
		c.gate = began + time.Second
	}
	c.failures = failures{}
	c.endsContest(c.result.Same)
	c.repeated = false
	c.tokenOn, c.idle = true, false
	c.token = tokenRecord{
		value: c.p.w.arriving.value, number: p.Number, effectiveExpiry: end, timerAt: c.p.uptime() + left, refreshTime: p.RefreshTime,
		earliestRefresh: c.resultStart.Add(usable / 2), repeated: c.result.Same,
		life: end.Sub(c.resultStart), published: c.elapsed,
	}
	if c.result.Same {
		c.token.earliestRefresh = p.RefreshTime
	}
}

func (c *checker) withdraws(wall time.Time, in core.Input) {
	timer := in.Kind == core.Expire && in.Publication == c.token.number
	over := !wall.Before(c.token.effectiveExpiry)
	c.broken(!timer && !over && in.Kind != core.Close && in.Kind != core.Fetched, "M12", "a usable token is withdrawn for no reason")
	c.p.w.coverIf(timer && !over, CoverWithdrawnByTimerAlone)
	c.p.w.coverIf(over && !timer && c.p.uptime() < c.token.timerAt, CoverWithdrawnByClockAlone)
	c.tokenOn = false
	contested := len(c.contests.contesting) > 0
	c.contests.contesting, c.contests.failed = c.contests.contesting[:0], false
	if c.failures.kind == "M8" || c.failures.kind == "M9" && contested && !c.failures.hold {
		c.p.w.coverIf(c.failures.on, CoverLossLiftsBackoff)
		c.failures.on = false
	}
	c.p.w.coverIf(c.running, CoverRefreshBecomesRound)
}

// handsOut checks a token that is handed out from the snapshot.
func (c *checker) handsOut(value int64, to *caller) {
	if !c.tokenOn || c.token.value != value {
		c.p.w.violate(c.p, "M2", "a token is handed out that is not the published one")
		return
	}
	wall := c.p.wall()
	c.broken(!wall.Before(c.token.effectiveExpiry), "M2", "a token is handed out %v after its effective expiry", wall.Sub(c.token.effectiveExpiry))
	c.broken(c.p.uptime() > c.token.timerAt, "M2", "a token is handed out %v after its timer ought to have fired", c.p.uptime()-c.token.timerAt)
	c.broken(c.closed, "M14", "a token is handed out after Close")
	origin := to.origin()
	c.broken(origin != 0 && !c.contests.again && slices.Contains(c.contests.contesting, origin), "M21", "origin %d is handed the token that it rejected", origin)
}
