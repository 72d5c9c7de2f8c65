package core

import "time"

// round is the attempts made before waiting callers receive an error (M9). It is on if callers may be waiting.
type round struct {
	on bool
	// cause is what its first attempt is made for.
	cause Cause
	// attempts counts the fetches made, the one in flight included.
	attempts int
	// next is when the next attempt may start.
	next Elapsed
	// orServe says that a caller is served the published token if the round fails (M21). It is a reader then.
	orServe bool
	// unattended says that no caller waits, so that it is made for watchers alone (W2).
	unattended bool
	// deadline is when waiting callers receive an error, whatever a fetch is doing.
	deadline Elapsed
}

// startRound begins one for a caller, whose fetch starts at that time or now. A fetch in flight is its first attempt.
func (s *step) startRound(cause Cause, at Elapsed) {
	next := max(s.elapsed, s.notBefore, at)
	s.round = round{on: true, cause: cause, next: next, deadline: next + s.policy.RoundTimeout}
	if s.flight.on && !s.flight.stale {
		s.round.attempts = 1
	}
}

// launchRound makes the next attempt.
func (s *step) launchRound() {
	s.round.attempts++
	cause := s.round.cause
	if s.round.attempts > 1 {
		cause = CauseRetry
	}
	s.launch(cause, s.round.attempts)
	if s.flight.running() {
		s.flight.deadline = min(s.flight.deadline, s.round.deadline)
	}
}

// attemptFailed decides what follows a fetch without a token.
func (s *step) attemptFailed(f flight, kind FailureKind, r Result) {
	switch {
	case s.closed:
	case s.round.on:
		next := s.elapsed + s.betweenAttempts()
		if r.Permanent || r.EndsRound || s.lastAttempt() || next >= s.round.deadline {
			s.failRound(kind, r)
			return
		}
		s.round.next = next
	case !f.reported:
		// A refresh behind a usable token: no caller needs to know (M8).
		s.backOff(refreshing, r)
		s.fail(kind, 1, r.Permanent)
	}
}

// lastAttempt reports whether the round has no further attempt. No caller waits for an unattended one, so as long as an
// outage lasts that watchers know of, one attempt after each backoff is enough.
func (s *step) lastAttempt() bool {
	return s.round.attempts >= s.policy.Attempts || s.round.unattended && s.outageNotified
}

// betweenAttempts is 100 ms after the first attempt and double after each further one, spread over half of it to either
// side.
func (s *step) betweenAttempts() time.Duration {
	wait := retryWait << min(max(s.round.attempts-1, 0), 10)
	return time.Duration(float64(wait) * (0.5 + s.draw))
}

// failRound gives all waiting callers one error (M9).
func (s *step) failRound(kind FailureKind, r Result) {
	attempts := s.round.attempts
	s.flight.reported = s.flight.running()
	s.endRound()
	if kind == Blocked {
		s.Failure = Failure{Kind: Blocked, Attempts: attempts}
		s.notifyFailure()
		return
	}
	s.backOff(waiting, r)
	s.fail(kind, attempts, r.Permanent)
	s.notifyFailure()
}

// endRound releases the callers that wait, whose round failed.
func (s *step) endRound() {
	if s.round.orServe && s.token.on {
		s.read, s.token.idle = true, false
	}
	s.round = round{}
	s.Release = Failed
	s.failContest()
}

// fail remembers why there is no token.
func (s *step) fail(kind FailureKind, attempts int, permanent bool) {
	s.Failure = Failure{Kind: kind, Attempts: attempts, Permanent: permanent, Next: s.at(s.backoff.until)}
}
