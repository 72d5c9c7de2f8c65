package explore

import "time"

// cured is what every fetch brings once the world has healed.
var cured = Response{Kind: New, Lifetime: time.Hour}

// patience is how long the manager may take to serve a caller once the world has healed: the longest time for which it
// may keep away from the endpoint, and a second that lies between fetches (M6).
func (x *explorer) patience() time.Duration {
	longest := max(10*time.Second, x.policy.MaxPermanentBackoff)
	for _, a := range x.world.Responses {
		longest = max(longest, min(a.RetryAfter, 10*time.Minute))
	}
	return longest + second + x.slack
}

// heals checks that there is a way out of a state: if from now on every fetch is answered well and at once, a caller who
// keeps asking is soon served. After Close, the end comes.
func (x *explorer) heals(s *state) {
	defer x.survive()
	x.healing = x.healing[:0]
	var spent time.Duration
	asked := false
	for range 1000 {
		a, done := x.healingStep(s, asked)
		if done {
			return
		}
		switch a.verb {
		case nothing:
			x.fail("heals", "nothing will happen any more, and nobody is served")
			return
		case ask:
			asked = true
		case pass:
			asked = false
			d, _ := s.nextMoment(x.world.Fetcher)
			spent += d
		}
		x.healing = append(x.healing, a)
		x.do(&x.second, s, a)
		if spent > x.patience() {
			x.fail("heals", "the endpoint has been well for %v, and nobody is served", spent)
		}
		if x.broken != nil {
			return
		}
	}
	x.fail("heals", "the endpoint is well, and the manager goes round in circles")
}

// healingStep is what happens next in a world that is well. done: a caller is served, or everything is over.
func (x *explorer) healingStep(s *state, asked bool) (a action, done bool) {
	well := uint8(len(x.world.Responses))
	_, more := s.nextMoment(x.world.Fetcher)
	switch {
	case s.ended:
		return a, true
	case s.abandoned > 0 && !s.closed:
		a = action{verb: returned, who: well}
	case s.nudge:
		a = action{verb: nudgeTaken}
	case s.wake.pending() && s.wake.left <= 0:
		a = action{verb: wakeFired}
	case s.snapshot.on && s.snapshot.timer <= 0:
		a = action{verb: expireDue}
	case s.flight.on:
		a = action{verb: answered, who: well}
	case s.snapshot.on && s.snapshot.end > 0:
		return a, true
	case s.closed:
	case s.waiting == 0 && !asked:
		a = action{verb: ask}
	case more:
		a = action{verb: pass}
	}
	return a, false
}
