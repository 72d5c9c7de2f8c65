package proxy

import (
	"fmt"
	"slices"
	"time"
)

// verb is a kind of what may happen.
type verb uint8

const (
	opens verb = iota
	becomesUsable
	reloads
	terminates
	begins
	upgrades
	ends
	isQuiet
	isUnused
	isUnusedForNow
	listenerIsQuiet
	listenerIsUnused
	waits
)

var verbs = [...]string{
	"the listeners open", "a token is obtained", "reload to configuration", "the end is asked for",
	"a request begins: caller", "a request is upgraded: caller", "a request ends: caller", "no connection is left", "unused: generation", "unused, but requests may begin: generation",
	"no connection is left at the removed listener", "no upgraded connection is left at the removed listener", "time passes",
}

// action is something that may happen, to the thing of a number, at a listener and on a route if it is a request.
type action struct {
	verb                   verb
	number, listener, pool int
}

func (a action) String() string {
	if a.verb == begins {
		return fmt.Sprintf("%s %d at listener %d on route %d", verbs[a.verb], a.number, a.listener, a.pool)
	}
	return fmt.Sprintf("%s %d", verbs[a.verb], a.number)
}

// actions are what may happen next.
func (w *Small) actions(s *smallState) (all []action) {
	if s.process.ended {
		return nil
	}
	add := func(possible bool, v verb, numbers ...int) {
		if possible {
			all = append(all, action{verb: v, number: append(numbers, 0)[0]})
		}
	}
	p := &s.process
	add(!p.opened, opens)
	add(!p.usable, becomesUsable)
	add(s.asked < 2, terminates) // by a signal, another one, or /quitquitquit
	for i := range configurations {
		add(s.reloads < w.Reloads, reloads, i)
	}
	for i, c := range s.callers {
		if !c.busy && s.began < w.Requests && p.opened {
			all = append(all, s.beginnings(i)...)
		}
		add(c.busy && !c.upgraded && w.Upgrades, upgrades, i)
		add(c.busy, ends, i)
	}
	add(p.terminated && !p.quiet && !s.anyConnection(anywhere), isQuiet)
	for i, g := range s.generations {
		// The current one takes requests as long as there are connections.
		add(g.requests == 0 && !g.unused && (i != s.current || p.quiet), isUnused, i)
	}
	// No process reports that, and it has to do no harm.
	add(s.generations[s.current].requests == 0 && !p.quiet, isUnusedForNow, s.current)
	for i, r := range s.removed {
		add(!r.ended && !r.quiet && !s.anyConnection(r.listener), listenerIsQuiet, i)
		add(!r.ended && r.quiet && !r.unused && !s.anyUpgraded(r.listener), listenerIsUnused, i)
	}
	add(w.Time && s.nextDeadline() > 0, waits)
	return all
}

// beginnings are the requests that a caller may begin: at each listener that accepts, on each route.
func (s *smallState) beginnings(caller int) (all []action) {
	for _, listener := range s.accepting {
		for pool := range s.generations[s.current].pools {
			all = append(all, action{begins, caller, listener, pool})
		}
	}
	return all
}

const anywhere = -1

// anyConnection reports whether there are requests, at a listener or anywhere, that were not upgraded.
func (s *smallState) anyConnection(listener int) bool {
	return slices.ContainsFunc(s.callers, func(c caller) bool {
		return c.busy && !c.upgraded && (listener == anywhere || c.listener == listener)
	})
}

func (s *smallState) anyUpgraded(listener int) bool {
	return slices.ContainsFunc(s.callers, func(c caller) bool { return c.busy && c.upgraded && c.listener == listener })
}

// nextDeadline is the earliest one; 0 if there is none.
func (s *smallState) nextDeadline() (next time.Duration) {
	s.eachLife(func(l *life) {
		if d := l.deadline; !l.ended && d > 0 && (next == 0 || d < next) {
			next = d
		}
	})
	return next
}

// eachLife calls f with that of the process, and of the listeners that were removed.
func (s *smallState) eachLife(f func(*life)) {
	f(&s.process)
	for i := range s.removed {
		f(&s.removed[i].life)
	}
}
