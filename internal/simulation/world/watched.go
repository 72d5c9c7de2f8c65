package world

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// watchRecord is the checker's record of what watchers are owed (W1 to W3).
type watchRecord struct {
	on       bool // there are watchers
	known    bool // they know that no token is available
	attended bool // a caller waits in the round, or did
	// free says that the backoff binds watchers only: callers get tokens that are expired on arrival (M6).
	free bool
	// lost is since when there has been no token while there were watchers.
	lost    time.Duration
	missing bool
}

// watches notes what a step has to do with watchers, before anything else is checked.
func (c *checker) watches(in core.Input) {
	k := &c.watched
	if k.on = in.Watched; !k.on {
		k.known = false
	}
}

// notifies checks what watchers are notified of.
func (c *checker) notifies(in core.Input, e *core.Effects) {
	k := &c.watched
	switch e.Notify {
	case core.None:
	case core.Serve:
		c.broken(!e.Publish, "W1", "watchers are notified of a token that does not come now")
		k.known = false
	case core.Failed:
		c.broken(c.tokenOn, "W3", "watchers are notified of a failure, and a token is published")
		c.broken(!k.on, "W3", "a failure is notified, and there are no watchers")
		c.broken(k.known, "W3", "watchers are notified twice of one outage")
		k.known = true
		c.p.w.cover(CoverWatchersLearnOfOutage)
	case core.Shut:
		c.broken(in.Kind != core.Close, "W1", "watchers are notified of the end, and no one has called Close")
	default:
		c.broken(true, "W1", "watchers are notified of %q", replyWords[e.Notify])
	}
	if in.Kind == core.Watch {
		c.watcherJoins(e)
	}
}

// watcherJoins checks what a watcher learns that joins.
func (c *checker) watcherJoins(e *core.Effects) {
	k := &c.watched
	switch e.Reply {
	case core.Serve:
		c.broken(!c.tokenOn, "W1", "a watcher joins and learns of a token, and there is none")
	case core.Failed:
		c.broken(c.tokenOn, "W3", "a watcher joins and learns of a failure, and a token is published")
		blocked := c.abandoned >= 3 && !c.running
		c.broken(!k.known && !blocked && !(c.failures.on && c.elapsed <= c.failures.by+slack), "W3", "a watcher joins and learns of a failure outside of any outage")
		k.known = true
	case core.Shut:
		c.broken(!c.closed, "W1", "a watcher joins and learns of the end, and no one has called Close")
	case core.None:
		c.broken(c.tokenOn, "W1", "a watcher joins, a token is published, and it does not learn of it")
	default:
		c.broken(true, "W1", "a watcher joins and gets the reply %q", replyWords[e.Reply])
	}
}

// yields checks a token that a watcher is given.
func (c *checker) yields(value int64) {
	wall := c.p.wall()
	c.broken(!c.tokenOn || c.token.value != value, "W1", "a watcher is given a token that is not the published one")
	c.broken(!wall.Before(c.token.effectiveExpiry), "W1", "a watcher is given a token %v after its effective expiry", wall.Sub(c.token.effectiveExpiry))
	c.broken(c.p.uptime() > c.token.timerAt, "W1", "a watcher is given a token %v after its timer ought to have fired", c.p.uptime()-c.token.timerAt)
	c.broken(c.closed, "W1", "a watcher is given a token after Close")
}

// unattended reports whether a fetch that starts in this step is made for watchers alone.
func (c *checker) unattended(in core.Input, e *core.Effects) bool {
	waits := e.Reply == core.Wait || e.Reply == core.WaitOrServe
	return c.watched.on && !c.tokenOn && !c.watched.attended && !waits
}

// settledWatched checks that watchers know how things stand, or are about to, and that a lost token is fetched again.
func (c *checker) settledWatched(e *core.Effects) {
	p, k := c.p, &c.watched
	if c.closed || !k.on || c.tokenOn {
		k.missing = false
	} else if !k.missing {
		k.missing, k.lost = true, p.w.now
	}
	if c.closed || !k.on {
		return
	}
	for i := range p.watchers {
		v := &p.watchers[i]
		if !v.on || v.pending {
			continue
		}
		c.broken(c.tokenOn && v.value != c.token.value, "W1", "watcher %d does not know of the token", i)
		c.broken(!c.tokenOn && k.known && !v.failed, "W3", "watcher %d does not know of the outage", i)
	}
	if c.tokenOn || c.running {
		return
	}
	allowed := c.gate
	if c.failures.on {
		allowed = max(allowed, c.failures.by)
		c.broken(c.elapsed < c.failures.from-slack && !c.round && !k.known && !k.attended, "W3", "watchers do not know that no token is available")
	}
	if c.abandoned >= 3 {
		c.broken(!k.known, "W3", "watchers do not know that abandoned fetches keep others from being made")
		return
	}
	c.broken(!e.Armed, "W2", "a watched token is lost, and nothing will ever wake the manager")
	pause := betweenAttempts
	if p.w.drawn.Extreme {
		pause = p.w.policy.RoundTimeout // of a hundred attempts
	}
	allowed = max(allowed, c.lastEnd+pause)
	c.broken(!c.round && c.elapsed > allowed+slack, "W2", "a watched token is lost, and no fetch starts %v after one may", c.elapsed-allowed)
	since := max(k.lost, p.w.recovered, c.recoveredBy())
	c.broken(p.w.now > since+p.w.recoveryTime(), "W2", "a watched token is missing %v after the faults have ended", p.w.now-since)
}

// betweenAttempts is the longest pause between two attempts of a round.
const betweenAttempts = 300 * time.Millisecond
