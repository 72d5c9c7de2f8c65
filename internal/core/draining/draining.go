// Package draining is the life of what serves requests: the proxy's process, and one listener of it that a reload has
// removed (X3). Like package core, it has no goroutine, clock, I/O or secret: what happened and the time go in, what is
// to be done comes out. Package proxy carries that out.
//
// A life has four phases. It starts; it is ready, and stays so whatever becomes of the token endpoint, since the tokens
// in hand still work; it drains; it has ended.
//
// A configuration's state, with its pools of tokens, is a [Generation] here. Each request uses one generation from its
// beginning to its end, so a former generation is retired when its last request has ended, which may be long after a
// reload.
//
// Single requests are not reported: counting them is left to atomic counters. What is reported is that a generation
// is unused for good.
//
// Where to look: input.go and effects.go have what goes in and comes out.
package draining

import (
	"slices"
	"time"
)

// Phase is what a life is in.
type Phase uint8

// The phases, in their order. None is entered twice.
const (
	Starting Phase = iota // not everything is there that is needed to serve
	Ready                 // it serves
	Draining              // what has begun may end
	Ended                 // it serves nothing, and nothing of it is left
)

// String is the name of the phase.
func (p Phase) String() string { return [...]string{"starting", "ready", "draining", "ended"}[p] }

// AbortTime is how long requests whose connection was closed at the end of the drain time have to notice that.
const AbortTime = time.Second

// IdleTime is how long an idle connection stays open while draining, for a request that is on its way when draining
// begins: once one has come, its response closes the connection. Callers cannot know whether a request that finds its
// connection closed was carried out, and do not repeat it unless it is idempotent (RFC 9112 section 9.3.1).
const IdleTime = time.Second

// Policy is the limits on draining.
type Policy struct {
	// DrainTime is how long requests may go on, and UpgradeDrainTime how long upgraded connections such as websockets
	// may; these have no longer than DrainTime. 0 or less: they are closed at once.
	DrainTime, UpgradeDrainTime time.Duration
}

// Generation numbers the states that follow each other. The first is 1.
type Generation uint64

// Core is the state of a life. Its zero value starts with the first generation and no policy; see [New].
type Core struct {
	policy         Policy
	phase          Phase
	opened, usable bool
	current        Generation
	live           []Generation // that are not retired, in their order
	quiet          bool         // there is no connection any more that a request could begin on

	// upgradeEnd, abort and end are deadlines while draining, on the clock of Step. Zero: passed, or not set.
	upgradeEnd, abort, end time.Time
}

// New returns the life of a first generation.
func New(policy Policy) *Core {
	return &Core{policy: policy, current: 1, live: []Generation{1}}
}

// Phase is the phase that the last step has led to.
func (c *Core) Phase() Phase { return c.phase }

// Step takes one input. Whatever the input, deadlines that have passed are handled first. now must not go back.
func (c *Core) Step(in Input, now time.Time) Effects {
	var e Effects
	if c.phase != Ended {
		c.deadlines(now, &e)
	}
	if c.phase != Ended {
		c.receive(in, now, &e)
	}
	e.Refused = in.Kind == Reloaded && c.phase >= Draining
	e.Ready = c.phase == Ready
	e.Deadline = c.next()
	return e
}

func (c *Core) receive(in Input, now time.Time, e *Effects) {
	switch in.Kind {
	case Opened:
		c.opened = true
	case Usable:
		c.usable = true
	case Reloaded:
		if c.phase < Draining {
			c.policy = in.Policy
			c.current++
			c.live = append(c.live, c.current)
		}
	case Terminated:
		c.drain(now, e)
	case Quiet:
		c.quiet = c.phase == Draining
	case Unused:
		c.unused(in.Generation, e)
	}
	if c.phase == Starting && c.opened && c.usable {
		c.phase = Ready
	}
	if c.phase == Draining && c.quiet && len(c.live) == 0 {
		c.finish(e)
	}
}

// drain begins to, once: a repeated signal must not extend the time.
func (c *Core) drain(now time.Time, e *Effects) {
	if c.phase >= Draining {
		return
	}
	c.phase = Draining
	e.Drain = true
	c.abort = now.Add(max(c.policy.DrainTime, 0))
	c.upgradeEnd = now.Add(min(max(c.policy.UpgradeDrainTime, 0), max(c.policy.DrainTime, 0)))
	c.end = c.abort.Add(AbortTime)
	c.deadlines(now, e)
}

// unused retires a generation, if no request can begin on it: the current one takes all that begin as long as there are
// connections.
func (c *Core) unused(g Generation, e *Effects) {
	if g == c.current && !c.quiet {
		return
	}
	if at := slices.Index(c.live, g); at >= 0 {
		c.live = slices.Delete(c.live, at, at+1)
		e.Retire = append(e.Retire, g)
	}
}

func (c *Core) deadlines(now time.Time, e *Effects) {
	passed := func(deadline *time.Time) bool {
		if deadline.IsZero() || now.Before(*deadline) {
			return false
		}
		*deadline = time.Time{}
		return true
	}
	if passed(&c.upgradeEnd) {
		e.CloseUpgraded = true
	}
	if passed(&c.abort) {
		e.Abort = true
	}
	if passed(&c.end) {
		c.finish(e)
	}
}

// finish retires what is left: what still runs did not end when it was told to.
func (c *Core) finish(e *Effects) {
	e.Retire = append(e.Retire, c.live...)
	e.End = true
	c.live, c.phase = nil, Ended
	c.upgradeEnd, c.abort, c.end = time.Time{}, time.Time{}, time.Time{}
}

// next is the earliest deadline.
func (c *Core) next() (at time.Time) {
	for _, deadline := range []time.Time{c.upgradeEnd, c.abort, c.end} {
		if !deadline.IsZero() && (at.IsZero() || deadline.Before(at)) {
			at = deadline
		}
	}
	return at
}
