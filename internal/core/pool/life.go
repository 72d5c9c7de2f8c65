package pool

import "time"

// QuietTime is for how long a token whose fetches fail counts as busy after its last caller. Later it may be evicted.
const QuietTime = time.Minute

// looks is how many times the owner looks at a token during the time after which it is forgotten.
const looks = 8

// Reason is why a token is being closed.
type Reason uint8

// The reasons. The zero one: it is not.
const (
	Stays     Reason = iota
	Forgotten        // it left the pool, and callers ask the token that takes its place
	Closed           // the pool is closed
)

// Life is where a token stands, as its owner keeps it. Make one with [Begin].
type Life struct {
	busy   bool
	over   bool
	reason Reason
}

// Begin returns the life of a token that was just created: a caller wants it.
func Begin() Life { return Life{busy: true} }

// Reason is why the token is being closed, if it is.
func (l *Life) Reason() Reason { return l.reason }

// Retire says that the token is being closed.
func (l *Life) Retire(why Reason) { l.reason = why }

// End says that it is closed and that nothing of it runs any more. A message that comes later is refused: its sender
// gets the reason.
func (l *Life) End() { l.over = true }

// Over reports whether nothing of the token runs any more.
func (l *Life) Over() bool { return l.over }

// Standing is how things stand with a token at the end of a step. Times are those of its owner.
type Standing struct {
	// Resting says that nothing is going on about it: no fetch, no contest, no guard.
	Resting bool
	// Waiting and Watched say that callers wait for it, and that it has watchers.
	Waiting, Watched bool
	// BackingOff says that its fetches have failed and that none may start.
	BackingOff bool
	// Called is when a caller asked the owner last, Now the time of the step.
	Called, Now time.Duration
}

// busy reports whether the token must stay (P4).
func (s Standing) busy() bool {
	return !s.Resting || s.Waiting || s.Watched || s.BackingOff && s.Now < s.Called+QuietTime
}

// Settle is for the end of a step: whether the token is busy, and whether the pool is to be notified because that has
// changed.
func (l *Life) Settle(s Standing) (busy, changed bool) {
	busy = s.busy()
	changed = busy != l.busy
	l.busy = busy
	return busy, changed
}

// Look is when the owner looks at the token again at the latest: a busy one may be quiet by then, an idle one out of
// use. Called counts for a busy one only.
func (p Policy) Look(now, called time.Duration, busy bool) time.Duration {
	switch quietAt := called + QuietTime; {
	case !busy:
		return now + p.IdleTime/looks
	case quietAt > now:
		return quietAt
	}
	return now + QuietTime // it is busy for other reasons, whose end is a message
}

// noteEvery is how exactly a token's uses are noted. More would cost the processors' caches.
const noteEvery = time.Second

// Use returns what is to be noted of a use at a time, when before was noted last; before itself if nothing is.
func Use(before, at time.Duration) time.Duration {
	if at-before >= noteEvery || at < before || before == 0 {
		return at
	}
	return before
}
