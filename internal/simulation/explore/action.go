package explore

import (
	"fmt"
	"strings"
)

// action is one thing that happens. It names no caller and no number, so it means the same in a state and in its
// canonical form.
type action struct {
	verb verb
	who  uint8 // an origin and, from pathShift on, a path; or a response of the world
	draw uint8 // of the world's draws
}

type verb uint8

const (
	nothing verb = iota // how the first state came about

	readToken     // a caller finds a usable token published
	ask           // ... finds none, and asks the owner
	askLonger     // a caller wants a token that remains valid for some time
	askLate       // ... found none, and by the time the owner hears of it there is one
	reject        // a caller reports that the current token was refused
	replace       // ... and waits for its successor
	rejectOld     // the same of a token that is not current any more
	replaceOld    // ...
	retryAccepted // an API accepts the current token for the second send of a request
	retryRejected
	sendAccepted     // ... for the first send, now
	sendAcceptedLate // ... for one of some time ago
	retryRejectedOld // ... of a token that is not current any more

	refresh       // a caller wants a fetch now
	giveUp        // a caller stops waiting
	giveUpUnnamed // ... that would be served if the round fails

	fetchEnds     // the fetch in flight ends
	abandonedEnds // an abandoned one does

	pass         // time goes by to the next moment at which something is due
	wakeFired    // the owner hears of its timer
	expiryTimer  // ... of the timer set at the publication
	hintReceived // ... of a reader that found the refresh time passed

	checkedSame    // the credentials that were refused are still the same
	checkedChanged // ... or other ones

	say          // the owner hears something that asks for nothing: a request for its Stats
	wakeStale    // the timer fired before it was set again
	expireOld    // the timer of a publication that was replaced
	clockForward // the wall clock is stepped
	clockBack
	closing // the manager is closed

	watcherJoins
	watcherLooks // ... at the newest bulletin
	watcherLeaves

	offer         // a token comes from elsewhere
	offerRejected // ... whose value was rejected here
	verbs
)

var verbNames = [verbs]string{
	nothing:          "the manager is new",
	readToken:        "a caller reads the token",
	ask:              "a caller of API %d asks for a token",
	askLonger:        "a caller wants a token that remains valid for longer",
	askLate:          "a caller of API %d asked for a token when there was none",
	reject:           "API %d rejects the token",
	replace:          "API %d rejects the token, and the caller waits for its successor",
	rejectOld:        "API %d rejects an older token",
	replaceOld:       "API %d rejects an older token, and the caller wants the current one",
	retryAccepted:    "API %d accepts a retry",
	retryRejected:    "API %d rejects a retry",
	sendAccepted:     "API %d accepts a first send",
	sendAcceptedLate: "API %d accepts a first send of some time ago",
	retryRejectedOld: "API %d rejects a retry with an older token",
	checkedSame:      "the credentials are the same",
	checkedChanged:   "the credentials have changed",
	giveUpUnnamed:    "a caller without an origin gives up",
	refresh:          "a caller wants a fetch now",
	giveUp:           "a caller who waits gives up",
	fetchEnds:        "the fetch ends: %v",
	abandonedEnds:    "an abandoned fetch returns: %v",
	pass:             "time goes by",
	wakeFired:        "the timer is received",
	expiryTimer:      "the published token's timer is received",
	hintReceived:     "the refresh hint is received",
	say:              "a caller asks for Stats",
	wakeStale:        "a timer set for an earlier time is received",
	expireOld:        "the timer of an older token is received",
	clockForward:     "the clock is stepped forward",
	clockBack:        "the clock is stepped back",
	closing:          "the manager is closed",
	watcherJoins:     "a watcher joins",
	watcherLooks:     "a watcher looks",
	watcherLeaves:    "a watcher leaves",
	offer:            "a token comes from elsewhere: %v",
	offerRejected:    "a rejected token comes from elsewhere: %v",
}

// pathShift is where the path of an action begins.
const pathShift = 4

// at is the origin and the path that an action is about, as the core knows them.
func (a action) at() (origin, path uint64) {
	return uint64(a.who & (1<<pathShift - 1)), uint64(a.who>>pathShift) + 1
}

func (x *explorer) describe(a action) string {
	name := verbNames[a.verb]
	switch {
	case strings.Contains(name, "API %d"):
		origin, path := a.at()
		if x.world.Paths > 1 {
			name += fmt.Sprintf(" (path %d)", path)
		}
		if origin == 0 {
			return strings.Replace(strings.Replace(name, " of API %d", "", 1), "API %d", "an unnamed API", 1)
		}
		return fmt.Sprintf(name, origin)
	case a.verb == fetchEnds || a.verb == abandonedEnds:
		return fmt.Sprintf(name, x.responses[a.who])
	case a.verb == offer || a.verb == offerRejected:
		return fmt.Sprintf(name, x.world.Offers[a.who])
	}
	return name
}

// actions appends everything that can happen in a state.
func (x *explorer) actions(to []action, s *state) []action {
	if s.ended || x.world.Fetches > 0 && s.fetches >= x.world.Fetches {
		return to
	}
	add := func(v verb, who int) {
		for draw := range x.draws {
			to = append(to, action{v, uint8(who), uint8(draw)})
		}
	}
	plain := func(v verb) { to = append(to, action{verb: v}) }

	add(say, 0) // first, since others are held against it
	mayWait := s.waiting+s.orServed < x.world.Callers
	readable := false
	first, last := x.world.origins()
	for origin := first; origin <= last; origin++ {
		usable := s.usable(uint64(origin))
		readable = readable || usable
		for path := range max(x.world.Paths, 1) {
			x.addRequests(s, usable, mayWait, origin|path<<pathShift, add)
		}
	}
	if readable {
		plain(readToken)
	}
	if mayWait && x.world.MinLife > 0 {
		add(askLonger, 0)
	}
	if mayWait && x.world.Refresh {
		add(refresh, 0)
	}
	if s.waiting > 0 {
		plain(giveUp)
	}
	if s.orServed > 0 {
		plain(giveUpUnnamed)
	}
	x.addResponses(s, add)
	x.addOffers(s, add)
	if d, ok := s.nextMoment(x.world.Fetcher); ok && d > 0 {
		plain(pass)
	}
	if s.wake.pending() && s.wake.left <= 0 {
		add(wakeFired, 0)
	}
	if s.snapshot.on && s.snapshot.timer <= 0 {
		add(expiryTimer, 0)
	}
	if s.refreshHint {
		add(hintReceived, 0)
	}
	if s.checking {
		add(checkedSame, 0)
		add(checkedChanged, 0)
	}
	add(wakeStale, 0)
	add(expireOld, 0)
	if s.steps < x.world.ClockSteps {
		plain(clockForward)
		plain(clockBack)
	}
	if x.world.Close && !s.closed {
		add(closing, 0)
	}
	x.addWatchers(s, add, func(v verb, who int) { to = append(to, action{verb: v, who: uint8(who)}) })
	return to
}

// origins are the first and the last one that callers name. 0 stands for none.
func (w *World) origins() (first, last int) {
	if w.Origins > 0 && !w.Unnamed {
		return 1, w.Origins
	}
	return 0, w.Origins
}

// addRequests adds what can happen to requests to an origin and a path.
func (x *explorer) addRequests(s *state, usable, mayWait bool, at int, add func(v verb, who int)) {
	rejects := at&(1<<pathShift-1) > 0 || x.world.Unnamed
	if mayWait {
		if usable {
			add(askLate, at)
		} else {
			add(ask, at)
		}
	}
	if !rejects {
		return
	}
	if s.snapshot.on {
		add(reject, at)
	}
	add(rejectOld, at)
	if mayWait {
		if s.snapshot.on {
			add(replace, at)
		}
		add(replaceOld, at)
	}
	if !x.world.Outcomes || !s.held {
		return
	}
	if s.snapshot.on {
		add(retryAccepted, at)
		add(retryRejected, at)
		if s.core.Observes() {
			add(sendAccepted, at)
			add(sendAcceptedLate, at)
		}
	}
	add(retryRejectedOld, at)
}

func (x *explorer) addResponses(s *state, add func(v verb, who int)) {
	for i, a := range x.world.Responses {
		if a.Kind.again() && !s.held {
			continue
		}
		if s.flight.on {
			add(fetchEnds, i)
		}
		if s.abandoned > 0 {
			add(abandonedEnds, i)
		}
	}
}
