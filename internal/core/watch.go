package core

import "time"

// A watched token is in use whether or not a caller reads it: it is refreshed ahead, and if it is lost, the core starts
// rounds itself, under the same backoffs as for callers (W2). Watchers do not wait like callers: they have no reply to
// come, only what [Effects].Notify says whenever it says something. They count as not contesting (M21).

// watchEvery is how often the core of a watched token looks at the clock. Timers stand still while the machine sleeps,
// and a watched token may have no reader that would notice.
const watchEvery = time.Minute

// watch is a watcher that joins. It learns what there is to learn now; everything later is notified.
func (s *step) watch() {
	switch {
	case s.closed:
		s.Reply = Shut
	case s.token.on:
		s.Reply = Serve
	case s.outageNotified, !s.round.on && s.elapsed < s.backoff.until, s.blocked():
		s.notifyFailure() // the others: the token may have been lost in this very step
		s.outageNotified = true
		s.Reply = Failed
	}
}

// settleWatched starts a round for a watched token that is lost, or never was there. Where none may start because of a
// backoff, or because too many fetches are abandoned, watchers learn that once.
func (s *step) settleWatched() {
	switch {
	case s.closed || !s.watched || s.token.on || s.round.on:
	case s.elapsed < s.backoff.until:
		s.notifyFailure()
	case s.flight.running():
		// Its round has failed, and it was cancelled: the next one starts when it has returned.
	case s.abandoned < maxAbandoned || !s.outageNotified: // a round that is blocked fails at once
		s.startRound(s.retrying(s.missing()), s.elapsed)
		s.round.unattended = true
	}
}

// notifyToken is for a token that is published. Watchers have the value already if it was published before.
func (s *step) notifyToken(news bool) {
	s.outageNotified = false
	if news {
		s.Notify = Serve
	}
}

// notifyFailure is for a failure without a token behind it. Watchers learn one in each outage (W3).
func (s *step) notifyFailure() {
	if s.watched && !s.token.on && !s.outageNotified {
		s.outageNotified = true
		s.Notify = Failed
	}
}
