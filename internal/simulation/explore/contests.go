package explore

import (
	"math/bits"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// origins are a set of them. Number 0 stands for the callers that name none.
type origins uint64

func (o origins) has(origin uint64) bool { return o&(1<<origin) != 0 }
func (o *origins) set(origin uint64)     { *o |= 1 << origin }
func (o *origins) clear(origin uint64)   { *o &^= 1 << origin }

func (o origins) each(do func(origin uint64)) {
	for left := o; left != 0; left &= left - 1 {
		do(uint64(bits.TrailingZeros64(uint64(left))))
	}
}

// contests is what the rules have to remember of the origins that rejected tokens (M13, M21).
type contests struct {
	contesting origins // they rejected the published value, and no guard of theirs is up
	failed     bool    // the first round of the contest is over without a new value
	guarded    origins // their guard is up
	doubted    origins // a retry of theirs was rejected, or the value that they rejected came again
	pending    origins // a rejection of theirs was acted on, and no accepted retry was reported since

	// quiet is how long an origin has gone without a 401, and since its guard went up, a little more than a minute at
	// most.
	quiet [maxOrigins + 1]time.Duration
	// spent is how long it takes until the allowance of a guarded origin is whole again.
	spent [maxOrigins + 1]time.Duration
}

// What M13 allows behind a guard.
const (
	guardMemory    = time.Minute
	allowance      = 8
	allowanceEvery = time.Minute
)

func (c *contests) pass(d time.Duration) {
	c.known().each(func(o uint64) {
		c.quiet[o] = min(c.quiet[o]+d, guardMemory+1)
		c.spent[o] = max(c.spent[o]-d, 0)
	})
}

// known are the origins of which something is remembered.
func (c *contests) known() origins { return c.guarded | c.doubted | c.pending | c.contesting }

// hear notes a 401 of an origin. A minute without one forgets it.
func (c *contests) hear(origin uint64) {
	if c.quiet[origin] > guardMemory {
		c.forget(origin)
	}
	c.quiet[origin] = 0
}

func (c *contests) forget(origin uint64) {
	c.guarded.clear(origin)
	c.doubted.clear(origin)
	c.pending.clear(origin)
	c.quiet[origin], c.spent[origin] = 0, 0
}

// suspect reports whether a guard of an origin may be up: callers that report no outcomes count as rejected.
func (c *contests) suspect(origin uint64) bool {
	return (c.guarded | c.doubted | c.pending).has(origin)
}

// end is for a token that is replaced or gone.
func (c *contests) end() { c.contesting, c.failed = 0, false }

// canonicalize drops what cannot matter any more.
func (c *contests) canonicalize() {
	known := c.known()
	for o := range c.quiet {
		switch {
		case !known.has(uint64(o)):
			c.quiet[o], c.spent[o] = 0, 0
		case c.quiet[o] > guardMemory && !c.contesting.has(uint64(o)):
			c.forget(uint64(o))
		}
	}
	if c.contesting == 0 {
		c.failed = false
	}
}

func (c *contests) pack(p *core.Packer) {
	core.Flags(p, &c.failed)
	for _, set := range []*origins{&c.contesting, &c.guarded, &c.doubted, &c.pending} {
		core.Number(p, set)
	}
	c.known().each(func(o uint64) { durations(p, &c.quiet[o], &c.spent[o]) })
}

// onHear notes the 401s that an input reports, before the core takes it.
func (t *step) onHear() {
	switch in := &t.in; {
	case t.closed:
	case in.Kind == core.Invalidate:
		t.contests.hear(in.Origin)
	case in.Kind == core.ReportOutcome && !in.Accepted:
		t.contests.hear(in.Origin)
		if in.Retry {
			t.contests.doubted.set(in.Origin)
		}
	}
}

// onAccepted notes an accepted retry, after what it may have proven about an earlier one.
func (t *step) onAccepted() {
	if in := &t.in; in.Kind == core.ReportOutcome && in.Accepted && in.Retry && in.Current && !t.closed {
		t.contests.pending.clear(in.Origin)
	}
}

// onReject is a rejection that is acted on. Unless a guard is up, the origin contests the token (M21).
func (t *step) onReject() {
	t.checker.rejected()
	c, origin := &t.contests, t.in.Origin
	if t.was.checker.quiet > t.slack && !t.was.checker.liftable && !t.was.serves() && !t.clockStepped() {
		t.fail("M21", "a rejection is acted on in a backoff")
	}
	switch {
	case !c.guarded.has(origin):
		c.contesting.set(origin)
	case !t.was.serves():
		if c.spent[origin] += allowanceEvery; c.spent[origin] > allowance*allowanceEvery+t.slack {
			t.fail("M13", "API %d has caused more fetches than its allowance", origin)
		}
	}
	c.pending.set(origin)
	t.checker.round = true
}

// serves reports whether something goes on that serves a rejection as well (M12).
func (h *host) serves() bool { return h.checker.round || h.flight.on && !h.checker.failureReported }

// onGuard is a guard that goes up. If the origin's requests wait for a fetch, that is the first of its allowance.
func (t *step) onGuard(ev *core.Event) {
	c := &t.contests
	if !c.suspect(ev.Origin) {
		t.fail("M13", "API %d is guarded, and every retry of it was accepted", ev.Origin)
	}
	c.spent[ev.Origin] = 0
	if c.contesting.has(ev.Origin) {
		c.spent[ev.Origin] = allowanceEvery
		c.contesting.clear(ev.Origin)
		c.failed = c.failed && c.contesting != 0
	}
	c.guarded.set(ev.Origin)
	c.quiet[ev.Origin] = 0 // a minute without a 401 removes it, counted from now
}

// onValue is a publication. A new value ends the contest, and the contested one never does.
func (t *step) onValue(again bool) {
	c := &t.contests
	if !again {
		c.end()
		return
	}
	c.contesting.each(func(o uint64) {
		if c.quiet[o] <= guardMemory {
			c.doubted.set(o)
		}
	})
	c.failed = c.contesting != 0
}

// checkContests holds the origins from which the token is withdrawn against those that rejected it (M21).
func (t *step) checkContests() {
	c := &t.contests
	for origin := range uint64(t.world.Origins + 1) {
		want := c.contesting.has(origin) || c.contesting.has(0) && !c.failed
		if origin == 0 {
			want = c.contesting != 0 && !c.failed
		}
		if got := t.snapshot.on && t.core.Contests(origin); got != (want && t.snapshot.on) {
			t.fail("M21", "the token is withdrawn from API %d: %v, which should be %v", origin, got, want)
		}
	}
	if in := &t.in; in.Kind == core.Invalidate && t.effects.Reply == core.Wait && c.contesting.has(in.Origin) {
		c.pending.set(in.Origin) // it waits as a caller does that only asks
	}
	if in := &t.in; in.Kind == core.Get && !t.closed && t.snapshot.on {
		if t.wantsLonger() {
			t.checkLonger()
		} else {
			t.checkGet(in.Origin)
		}
	}
}

// checkGet: a caller whose origin has not rejected the published token is served at once.
func (t *step) checkGet(origin uint64) {
	c, a := &t.contests, t.effects.Reply
	switch {
	case c.contesting.has(origin) && origin != 0:
		if a == core.Serve && !t.effects.Publish {
			t.fail("M21", "API %d is served the token that it rejected", origin)
		}
		if a == core.Wait { // what it waits for is fetched for this origin again
			c.hear(origin) // unsent requests get no 401, so the origin is not quiet
			c.pending.set(origin)
		}
	case !c.failed && (origin == 0 && c.contesting != 0 || c.contesting.has(0)):
		// What names no origin may concern any: the first round of the contest concerns it too, and no more than that.
		if a != core.WaitOrServe {
			t.fail("M21", "a caller should wait for the first round of the contest, and be served if it fails: %v", replyNames[a])
		}
	case a != core.Serve:
		t.fail("M21", "a caller waits for the contest of another origin")
	}
}
