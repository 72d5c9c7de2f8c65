package explore

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// state is everything there is: the core, and what stands around it.
type state struct {
	core core.Core
	host
}

// host is what the manager keeps around its core, what the world around the manager keeps, and what the rules have to
// remember. Durations run from now: those that lie ahead are left, those behind are ages.
type host struct {
	clock    time.Duration // its reading, after the core's last one; negative if it was stepped back
	wake     alarm
	snapshot snapshot
	flight   flight
	checker  checker
	contests contests
	watchers watchers
	lifetime lifetime

	abandoned   int
	orServed    int           // ... and are served the published token if the round fails
	orServedFor origins       // ... whose these are
	waiting     int           // callers that wait for a reply
	longest     time.Duration // for how long the first of them has been waiting
	refreshHint bool          // a refresh hint is on its way to the owner
	failure     bool          // there is a failure to report
	checking    bool          // the credentials are being read again
	held        bool          // a token was published once, so its value can come again
	closed      bool
	ended       bool
	steps       int // of the clock that were made
	fetches     int // that were started, if the world bounds them
}

// alarm is the timer of the core's deadline.
type alarm struct {
	on   bool
	gone bool // it fired and was heard of, but the owner has not been given another deadline
	at   core.Elapsed
	left time.Duration
}

func (a alarm) pending() bool { return a.on && !a.gone }

// snapshot is the published token as readers see it.
type snapshot struct {
	on               bool
	attention        attention
	publication      uint64
	refreshTime, end time.Duration // by the wall clock
	timer            time.Duration // until the timer set at the publication fires
}

type attention uint8

// As in package manager.
const (
	unread attention = iota
	read
	hinted
)

// flight is the running fetch that was not abandoned.
type flight struct {
	on        bool
	id        uint64
	wall      time.Duration // since its start, by the wall clock
	age       time.Duration // since its start
	cancelled bool
	stale     bool          // a token came from elsewhere meanwhile
	overdue   time.Duration // since its cancellation
}

// usable reports whether a caller finds a token in the snapshot that it may use.
func (s *state) usable(origin uint64) bool {
	return s.snapshot.on && s.snapshot.end > 0 && !s.core.Contests(origin)
}

// now is the reading of the wall clock.
func (s *state) now() time.Time { return s.core.Wall().Add(s.clock) }

// nextMoment is when something is due; not if something is to happen first that does not let itself be waited for.
func (s *state) nextMoment(f Fetcher) (d time.Duration, ok bool) {
	if s.refreshHint || s.flight.on && (f == Prompt || f == Cancellable && s.flight.cancelled) {
		return 0, false
	}
	sooner := func(left time.Duration) {
		if !ok || left < d {
			d, ok = left, true
		}
	}
	if s.wake.pending() {
		sooner(s.wake.left)
	}
	if s.snapshot.on {
		sooner(s.snapshot.timer)
	}
	if s.checker.retryAt > 0 {
		sooner(s.checker.retryAt)
	}
	return d, ok && d > 0
}

// pass lets time go by, for the clock and for everything else.
func (s *state) pass(d time.Duration) {
	s.wake.left -= d
	s.snapshot.timer -= d
	if s.waiting+s.orServed > 0 {
		s.longest += d
	}
	s.stepClock(d)
}

// stepClock moves the wall clock. Forward, time has passed for what is measured by this clock, but not for timers.
func (s *state) stepClock(d time.Duration) {
	s.clock += d
	s.snapshot.refreshTime -= d
	s.snapshot.end -= d
	s.flight.wall += d
	if d > 0 {
		s.flight.age += d
		if s.flight.cancelled {
			s.flight.overdue += d
		}
		s.checker.pass(d)
		s.contests.pass(d)
		if s.lifetime.effective > 0 {
			s.lifetime.pass(d)
		}
	}
}
