package explore

import "fmt"

// action is one thing that happens. It names no caller and no number, so it means the same in a state and in its canonical
// form.
type action struct {
	verb verb
	who  uint8 // an origin, or a response of the world
	draw uint8 // of the world's draws
}

type verb uint8

const (
	nothing verb = iota // how the first state came about

	readToken  // a caller finds a usable token published
	ask        // ... finds none, and asks the owner
	askLate    // ... found none, and by the time the owner hears of it there is one
	reject     // a caller reports that the current token was refused
	replace    // ... and waits for its successor
	rejectOld  // the same of a token that is not current any more
	replaceOld // ...
	refresh    // a caller wants a fetch now
	giveUp     // a caller stops waiting

	fetchEnds     // the fetch in flight ends
	abandonedEnds // an abandoned one does

	pass         // time goes by to the next moment at which something is due
	wakeFired    // the owner hears of its timer
	expiryTimer  // ... of the timer set at the publication
	hintReceived // ... of a reader who found due passed

	say          // the owner hears something that asks for nothing: a request for its Stats
	wakeStale    // the timer fired before it was set again
	expireOld    // the timer of a publication that was replaced
	clockForward // the wall clock is stepped
	clockBack
	closing // the manager is closed
	verbs
)

var verbNames = [verbs]string{
	nothing:       "the manager is new",
	readToken:     "a caller reads the token",
	ask:           "a caller asks for a token",
	askLate:       "a caller's question, asked when there was no token, is heard",
	reject:        "API %d refuses the token",
	replace:       "API %d refuses the token, and the caller waits for its successor",
	rejectOld:     "API %d refuses an older token",
	replaceOld:    "API %d refuses an older token, and the caller wants the current one",
	refresh:       "a caller wants a fetch now",
	giveUp:        "a caller who waits gives up",
	fetchEnds:     "the fetch ends: %v",
	abandonedEnds: "an abandoned fetch returns: %v",
	pass:          "time goes by",
	wakeFired:     "the timer is received",
	expiryTimer:   "the published token's timer is received",
	hintReceived:  "the refresh hint is received",
	say:           "a caller asks for Stats",
	wakeStale:     "a timer set for an earlier time is received",
	expireOld:     "the timer of an older token is received",
	clockForward:  "the clock is stepped forward",
	clockBack:     "the clock is stepped back",
	closing:       "the manager is closed",
}

func (x *explorer) describe(a action) string {
	name := verbNames[a.verb]
	switch a.verb {
	case reject, replace, rejectOld, replaceOld:
		return fmt.Sprintf(name, a.who+1)
	case fetchEnds, abandonedEnds:
		return fmt.Sprintf(name, x.responses[a.who])
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
	usable := s.snapshot.on && s.snapshot.end > 0
	mayWait := s.waiting < x.world.Callers
	if usable {
		plain(readToken)
	}
	if mayWait {
		if usable {
			add(askLate, 0)
		} else {
			add(ask, 0)
		}
		if x.world.Refresh {
			add(refresh, 0)
		}
	}
	for who := range x.world.Origins {
		if s.snapshot.on {
			add(reject, who)
		}
		add(rejectOld, who)
		if mayWait {
			if s.snapshot.on {
				add(replace, who)
			}
			add(replaceOld, who)
		}
	}
	if s.waiting > 0 {
		plain(giveUp)
	}
	x.addResponses(s, add)
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
	add(wakeStale, 0)
	add(expireOld, 0)
	if s.steps < x.world.ClockSteps {
		plain(clockForward)
		plain(clockBack)
	}
	if x.world.Close && !s.closed {
		add(closing, 0)
	}
	return to
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
