package explore

import "time"

// recovered is what every fetch brings once the faults have ended.
var recovered = Response{Kind: New, Lifetime: time.Hour}

// patience is how long the manager may take to serve a caller once the faults have ended: the longest time for which it
// may keep away from the endpoint, and a second between fetches (M6).
func (x *explorer) patience() time.Duration {
	longest := max(10*time.Second, x.policy.MaxPermanentBackoff)
	for _, a := range x.world.Responses {
		longest = max(longest, min(a.RetryAfter, 10*time.Minute))
	}
	return longest + second + x.slack
}

// checkRecovery checks that there is a way out of a state: if from now on every fetch succeeds at once, a caller who
// keeps asking is soon served. After Close, the end comes.
func (x *explorer) checkRecovery(s *state) {
	defer x.recoverPanic()
	x.recovery = x.recovery[:0]
	var spent time.Duration
	asked := false
	for range 1000 {
		a, done := x.recoveryStep(s, asked)
		if done {
			x.checkWatchersServed(s)
			return
		}
		switch a.verb {
		case nothing:
			x.fail("recovery", "nothing will happen any more, and no caller is served")
			return
		case ask:
			asked = true
		case pass:
			asked = false
			d, _ := s.nextMoment(x.world.Fetcher)
			spent += d
		}
		x.recovery = append(x.recovery, a)
		x.do(&x.second, s, a)
		if spent > x.patience() {
			x.fail("recovery", "the endpoint has been well for %v, and no caller is served", spent)
		}
		if x.broken != nil {
			return
		}
	}
	x.fail("recovery", "the endpoint is well, and the manager makes no progress")
}

// recoveryStep is what happens next in a world that is well. done: a caller is served, or everything is over.
func (x *explorer) recoveryStep(s *state, asked bool) (a action, done bool) {
	well := uint8(len(x.world.Responses))
	origin := x.outcast(s)
	_, more := s.nextMoment(x.world.Fetcher)
	switch {
	case s.ended:
		return a, true
	case s.abandoned > 0 && !s.closed:
		a = action{verb: abandonedEnds, who: well}
	case s.checking:
		a = action{verb: checkedSame}
	case s.refreshHint:
		a = action{verb: hintReceived}
	case s.wake.pending() && s.wake.left <= 0:
		a = action{verb: wakeFired}
	case s.snapshot.on && s.snapshot.timer <= 0:
		a = action{verb: expiryTimer}
	case s.flight.on:
		a = action{verb: fetchEnds, who: well}
	case s.usable(origin) && s.watchers.pending() >= 0:
		a = action{verb: watcherLooks, who: uint8(s.watchers.pending())}
	case s.usable(origin):
		return a, true
	case s.closed:
	case s.waiting+s.orServed == 0 && !asked && (s.snapshot.on || s.watchers.count() == 0): // watchers need no caller (W2)
		a = action{verb: ask, who: uint8(origin)}
	case more:
		a = action{verb: pass}
	}
	return a, false
}

// outcast is an origin from which the token is withdrawn, if there is one: it is the last to be served.
func (x *explorer) outcast(s *state) (origin uint64) {
	first, last := x.world.origins()
	for o := first; o <= last; o++ {
		if s.core.Contests(uint64(o)) {
			origin = uint64(o)
		}
	}
	return max(origin, uint64(first))
}
