package core

import "time"

// round is the attempts made before those who wait hear of a failure. It is on if and only if somebody may be waiting.
type round struct {
	on       bool
	cause    Cause
	attempts int
	next     Elapsed // when the next attempt may start
	deadline Elapsed
}

// startRound begins one for the sake of somebody who waits. A fetch in flight is its first attempt.
func (t *turn) startRound(cause Cause) {
	t.round = round{
		on:       true,
		cause:    cause,
		next:     max(t.elapsed, t.notBefore),
		deadline: t.elapsed + t.policy.RoundTimeout,
	}
	if t.flight.on {
		t.round.attempts = 1
	}
}

func (t *turn) launchRound() {
	t.round.attempts++
	cause := t.round.cause
	if t.round.attempts > 1 {
		cause = CauseRetry
	}
	t.launch(cause, t.round.attempts)
	t.flight.deadline = min(t.flight.deadline, t.round.deadline)
}

// attemptFailed decides what follows a fetch that brought nothing.
func (t *turn) attemptFailed(f flight, kind FailureKind, r Result) {
	switch {
	case t.closed:
	case t.round.on:
		next := t.elapsed + t.betweenAttempts()
		if r.Permanent || r.EndsRound || t.round.attempts >= t.policy.Attempts || next >= t.round.deadline {
			t.failRound(kind, r.Permanent, r.RetryAfter)
			return
		}
		t.round.next = next
	case !f.told:
		t.backOff(refreshing, r.Permanent, r.RetryAfter)
		t.fail(kind, 1, r.Permanent)
	}
}

// betweenAttempts is 100 ms after the first attempt and double after each further one, spread over half of it to either
// side.
func (t *turn) betweenAttempts() time.Duration {
	wait := retryWait << min(t.round.attempts-1, 10)
	return time.Duration(float64(wait) * (0.5 + t.draw))
}

// failRound answers everyone who waits with one error.
func (t *turn) failRound(kind FailureKind, permanent bool, retryAfter time.Duration) {
	attempts := t.round.attempts
	t.round = round{}
	t.flight.told = t.flight.on
	t.Release = Failed
	if kind == Blocked {
		t.Failure = Failure{Kind: Blocked, Attempts: attempts}
		return
	}
	t.backOff(waiting, permanent, retryAfter)
	t.fail(kind, attempts, permanent)
}

func (t *turn) fail(kind FailureKind, attempts int, permanent bool) {
	t.Failure = Failure{Kind: kind, Attempts: attempts, Permanent: permanent, Next: t.at(t.backoff.until)}
}
