package explore

import (
	"slices"

	"github.com/alf-go/alf/internal/core"
)

// watcher is a loop over a token's successors (W), as package manager runs it.
type watcher struct {
	on      bool
	pending bool // there is a bulletin that it has not looked at: it is slow, or about to
	failure bool // ... which says that no token is available
	knows   knowledge
}

// knowledge is what a watcher was given last.
type knowledge uint8

const (
	knowsNothing knowledge = iota
	knowsOlder             // a value that has been replaced since
	knowsToken             // the value that was published last
	knowsFailure
	knowsOldFailure // of an outage that has ended
)

// maxWatchers is how many there may be.
const maxWatchers = 3

// watchers are all of them. They are kept in order, so that it does not matter which one is which.
type watchers [maxWatchers]watcher

func (w *watchers) count() (n int) {
	for _, one := range w {
		if one.on {
			n++
		}
	}
	return n
}

func (w *watchers) each(do func(one *watcher)) {
	for i := range w {
		if w[i].on {
			do(&w[i])
		}
	}
}

func (w *watchers) sort() {
	slices.SortFunc(w[:], func(a, b watcher) int { return int(b.number()) - int(a.number()) })
}

// number is a watcher as a number, by which they are ordered and packed; 0 if it is none.
func (w watcher) number() (n uint8) {
	if !w.on {
		return 0
	}
	n = 1 | uint8(w.knows)<<3
	if w.pending {
		n |= 2
	}
	if w.failure {
		n |= 4
	}
	return n
}

func (w *watchers) pack(p *core.Packer) {
	for i := range w {
		n := w[i].number()
		core.Number(p, &n)
		w[i] = watcher{on: n&1 != 0, pending: n&2 != 0, failure: n&4 != 0, knows: knowledge(n >> 3)}
	}
}

// addWatchers adds what watchers may do.
func (x *explorer) addWatchers(s *state, add func(v verb, who int), plain func(v verb, who int)) {
	for i := range s.watchers {
		one := &s.watchers[i]
		again := i > 0 && *one == s.watchers[i-1] // what one of two equals does, the other may do as well
		switch {
		case !one.on:
			if i < x.world.Watchers && !again {
				add(watcherJoins, 0)
				return
			}
		case again:
		default:
			if one.pending {
				plain(watcherLooks, i)
			}
			add(watcherLeaves, i)
		}
	}
}

// joins is a watcher that joins, with what it learns.
func (t *step) joins() {
	i := t.watchers.count()
	t.watchers[i] = watcher{on: true}
	t.send(core.Input{Kind: core.Watch})
	one := &t.watchers[i]
	switch t.effects.Reply {
	case core.Serve:
		one.pending = true
	case core.Failed:
		t.reportFailure()
		one.pending, one.failure = true, true
	case core.Shut:
		*one = watcher{}
	}
	t.checkWatchers()
}

// leaves is a watcher whose loop ends.
func (t *step) leaves(i int) {
	t.watchers[i] = watcher{}
	t.watchers.sort()
	t.send(core.Input{})
	t.checkWatchers()
}

// looks is a watcher that takes up the newest bulletin.
func (t *step) looks(i int) {
	one := &t.watchers[i]
	one.pending = false
	switch {
	case t.snapshot.on && t.snapshot.end > 0:
		one.knows = knowsToken // W1: usable at this moment
	case one.failure:
		one.knows = knowsFailure
	}
	one.failure = false
}

// notify lets watchers know what a step has brought.
func (t *step) notify() {
	e := &t.effects
	if e.Publish && !t.response.Kind.again() {
		t.watchers.each(func(one *watcher) {
			if one.knows == knowsToken {
				one.knows = knowsOlder
			}
		})
	}
	switch e.Notify {
	case core.None:
		return
	case core.Shut:
		t.watchers = watchers{}
		return
	case core.Failed:
		t.checkNotifiedFailure()
	}
	t.watchers.each(func(one *watcher) {
		one.pending, one.failure = true, e.Notify == core.Failed
		if one.knows == knowsFailure && e.Notify == core.Serve {
			one.knows = knowsOldFailure
		}
	})
}

// checkNotifiedFailure: there is one error in an outage, and none while a token is usable (W3).
func (t *step) checkNotifiedFailure() {
	if t.snapshot.on {
		t.fail("W3", "watchers are notified of a failure, and a token is published")
	}
	t.reportFailure()
	t.watchers.each(func(one *watcher) {
		if one.knows == knowsFailure && !one.pending || one.pending && one.failure {
			t.fail("W3", "watchers are notified of an outage that they know of")
		}
	})
}

// checkWatchers checks that watchers know, or are about to know, how things stand, and that something is being done for
// them.
func (t *step) checkWatchers() {
	e := &t.effects
	if e.Notify != core.None && e.Notify != core.Serve && e.Notify != core.Failed && e.Notify != core.Shut {
		t.fail("W1", "watchers are notified of %q", replyNames[e.Notify])
	}
	if e.Notify == core.Serve && !e.Publish {
		t.fail("W1", "watchers are notified of a token that does not come now")
	}
	if (e.Notify == core.Shut) != (t.in.Kind == core.Close && !t.was.closed) {
		t.fail("W1", "watchers are notified of the end at another time than Close")
	}
	if t.in.Kind == core.Watch && (e.Reply == core.Shut) != t.was.closed {
		t.fail("W1", "a watcher joins: reply %q", replyNames[e.Reply])
	}
	if t.closed || t.watchers.count() == 0 {
		return
	}
	down := !t.snapshot.on && !t.flight.on && !t.checker.round && (t.checker.quiet > t.slack || t.abandoned >= 3)
	t.watchers.each(func(one *watcher) {
		switch {
		case one.pending:
		case t.snapshot.on && t.snapshot.end > 0 && one.knows != knowsToken:
			t.fail("W1", "a watcher has not been notified of the token")
		case down && one.knows != knowsFailure:
			t.fail("W3", "a watcher has not been notified of the outage")
		}
	})
	if t.snapshot.on || t.flight.on || t.abandoned >= 3 || t.clockStepped() {
		return
	}
	if !t.wake.pending() {
		t.fail("W2", "a watched token is lost, and nothing is being done about it")
	}
	if t.checker.quiet == 0 && t.checker.gate == 0 && !t.checker.round {
		t.fail("W2", "a watched token is lost, and a fetch could start")
	}
}

// forWatchers reports whether no caller waits for what starts now, so that it is done for watchers alone.
func (t *step) forWatchers() bool {
	return t.watchers.count() > 0 && !t.checker.attended && t.effects.Reply != core.Wait && t.effects.Reply != core.WaitOrServe
}

// checkAttempt: where watchers know of the outage, and no caller waits, a round has one attempt (W2).
func (t *step) checkAttempt(ev *core.Event) {
	if ev.Attempt > 1 && t.forWatchers() && t.checker.outageKnown && !t.checker.again {
		t.fail("W2", "attempt %d for watchers that know of the outage", ev.Attempt)
	}
}

// watcherMayFail: a watcher that joins learns of an outage that others know of.
func (t *step) watcherMayFail() bool {
	return t.in.Kind == core.Watch && !t.snapshot.on && (t.was.checker.outageKnown || t.checker.quiet > 0)
}

// pending is a watcher that has something to look at; -1 if there is none.
func (w *watchers) pending() int {
	return slices.IndexFunc(w[:], func(one watcher) bool { return one.pending })
}

// checkWatchersServed: once callers are served, every watcher has the token.
func (x *explorer) checkWatchersServed(s *state) {
	s.watchers.each(func(one *watcher) {
		if one.knows != knowsToken && !s.closed {
			x.fail("W3", "the endpoint is well, and a watcher does not have the token")
		}
	})
}
