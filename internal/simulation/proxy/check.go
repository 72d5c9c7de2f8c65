package proxy

import (
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core/draining"
	"github.com/alf-go/alf/internal/core/routing"
)

// begin is when a world begins.
var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// upgradeTime and drainTime are the limits of a life: connections of another protocol have no longer than requests.
func (l *life) upgradeTime() time.Duration {
	return min(max(l.policy.UpgradeDrainTime, 0), l.drainTime())
}
func (l *life) drainTime() time.Duration { return max(l.policy.DrainTime, 0) }

// over reports whether even the time for what was aborted has passed.
func (x *explorer) over(l *life) bool {
	return l.terminated && x.s.now >= l.at+l.drainTime()+draining.AbortTime
}

// step has a core take an input, and holds what it wants done against the rule, by what has happened alone.
func (x *explorer) step(l *life, in draining.Input) draining.Effects {
	now := x.s.now
	wasTerminated := l.terminated
	e := l.core.Step(in, begin.Add(now))
	if in.Kind == draining.Terminated && !l.terminated {
		l.terminated, l.at = true, now
	}
	must := func(is, should bool, what string) {
		if is != should {
			x.fail("X3", "%s: %v, after %v, at %v", what, is, in, now)
		}
	}
	must(e.Ready, l.opened && l.usable && !l.terminated, "ready")
	must(e.Refused, in.Kind == draining.Reloaded && wasTerminated, "a reload is refused")
	must(e.Drain, in.Kind == draining.Terminated && !wasTerminated, "it begins to drain")
	outstanding := func(after time.Duration, done bool) bool {
		return l.terminated && !done && !l.ended && now >= l.at+after
	}
	must(e.CloseUpgraded, outstanding(l.upgradeTime(), l.upgradedClosed), "upgraded connections are closed")
	must(e.Abort, outstanding(l.drainTime(), l.aborted), "requests are aborted")
	l.upgradedClosed, l.aborted = l.upgradedClosed || e.CloseUpgraded, l.aborted || e.Abort
	if e.End {
		must(l.ended, false, "it had ended before")
		l.ended = true
	}
	l.deadline = 0
	if !e.Deadline.IsZero() {
		l.deadline = e.Deadline.Sub(begin)
	}
	must(l.deadline > 0, l.terminated && !l.ended, "there is a deadline")
	if l.deadline > 0 {
		must(l.deadline == l.nextDeadline(), true, "the deadline is the next one")
	}
	return e
}

// nextDeadline is when something is to be done next, by the rule.
func (l *life) nextDeadline() time.Duration {
	switch {
	case !l.upgradedClosed:
		return l.at + l.upgradeTime()
	case !l.aborted:
		return l.at + l.drainTime()
	}
	return l.at + l.drainTime() + draining.AbortTime
}

// check holds a state against the rules.
func (x *explorer) check() {
	s := x.s
	p := &s.process
	if p.terminated && len(s.accepting) > 0 {
		x.fail("X3", "listeners accept while the process drains")
	}
	for _, c := range s.callers {
		if c.busy && s.pools[c.pool].closed && !x.over(p) {
			x.fail("X3", "the pool %q is closed while a request uses it", s.pools[c.pool].key)
		}
	}
	for i := range s.pools {
		if s.pools[i].closed == x.isHad(i) {
			x.fail("X3", "closed is %v of the pool %q", s.pools[i].closed, s.pools[i].key)
		}
	}
	for i, g := range s.generations {
		if g.unused && (i != s.current || p.quiet) && !g.retired {
			x.fail("X3", "generation %d is not retired, although nothing uses it", i+1)
		}
	}
	if p.ended && slices.ContainsFunc(s.pools, func(p smallPool) bool { return !p.closed }) {
		x.fail("X3", "the process has ended, and a pool is open")
	}
	anyRequest := slices.ContainsFunc(s.callers, func(c caller) bool { return c.busy })
	if p.ended && anyRequest && !x.over(p) {
		x.fail("X3", "the process has ended with requests, %v after it was asked to", s.now-p.at)
	}
}

// checkPlan holds what a reload keeps against the two configurations.
func (x *explorer) checkPlan(before, next *configuration, plan routing.Plan) {
	for _, list := range []struct {
		before, next, both, added, removed []string
	}{
		{before.Listeners, next.Listeners, plan.Keep, plan.Open, plan.Drain},
		{before.Pools, next.Pools, plan.KeepPools, plan.StartPools, plan.RetirePools},
	} {
		for _, name := range slices.Concat(list.before, list.next) {
			had, has := slices.Contains(list.before, name), slices.Contains(list.next, name)
			if count(list.both, name) != number(had && has) || count(list.added, name) != number(!had) || count(list.removed, name) != number(!has) {
				x.fail("X3", "a reload from %q to %q is planned as %+v", list.before, list.next, plan)
			}
		}
	}
}

func count(list []string, name string) (n int) {
	for _, other := range list {
		n += number(other == name)
	}
	return n
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// checkEnd: from every state on, a process that drains comes to its end: at once when its requests end, and when its
// time is over if none ever does.
func (x *explorer) checkEnd() {
	if !x.s.process.terminated || x.s.process.ended {
		return
	}
	from := x.s
	defer func() { x.s = from }()
	x.s = from.clone()
	for i, c := range x.s.callers {
		if c.busy {
			x.do(action{verb: ends, number: i})
		}
	}
	if !x.s.process.quiet {
		x.do(action{verb: isQuiet})
	}
	for i := range x.s.generations {
		if !x.s.generations[i].unused {
			x.do(action{verb: isUnused, number: i})
		}
	}
	if !x.s.process.ended {
		x.fail("X3", "all requests have ended, and the process has not")
	}
	x.s = from.clone()
	for x.s.nextDeadline() > 0 {
		x.do(action{verb: waits})
	}
	x.check()
	if p := &x.s.process; !p.ended || x.s.now < p.at+p.drainTime() {
		x.fail("X3", "the process has ended: %v, at %v", p.ended, x.s.now)
	}
}
