package store

// Change says what a command did to the state.
type Change uint8

// The changes.
const (
	// Unchanged: the state is as it was, and need not be written.
	Unchanged Change = iota
	// Changed: it has to be written.
	Changed
	// Pushed: it has to be written, and then those that watch it are to learn of it: a record or a hold is new, or a
	// lease has ended without either.
	Pushed
)

// Result is what comes out of [Step].
type Result struct {
	State  State
	Reply  Reply
	Change Change
}

// Step runs one command. It is a pure function, and takes a time that does not depend on how often it was called. Its
// results share memory with its arguments, all of which must not be modified.
//
// now is what the store's clock reads. The state's time never goes back: where the clock is up to a second behind the
// last change, that counts as the time. Where it is further behind, it was stepped back, so that nothing in the state
// can be relied upon, and a new epoch begins.
//
// An error is a [*FieldError] that names the field of the command that makes no sense, or "now". Nothing has changed
// then.
func Step(s State, now Time, c Command) (Result, error) {
	if err := c.Validate(); err != nil {
		return Result{State: s}, err
	}
	if !now.valid() || now > latest {
		return Result{State: s}, bad("now", "out of range", timeRemedy)
	}
	if c.Kind == Hold && c.Until > now+MaxHold+holdSlack {
		return Result{State: s}, bad("Until", "too far in the future", "use at most 10 minutes from now")
	}
	st := step{State: s, now: max(now, s.Last)}
	if now < s.Last-maxClockBack {
		st.now = now
		if !st.begin(s.Epoch) {
			return Result{State: s}, errUsedUp
		}
	}
	if !st.run(c) {
		return Result{State: s}, errUsedUp
	}
	st.Reply.Now, st.Reply.Version = st.now, st.version()
	if st.Change != Unchanged {
		st.Last = st.now
	}
	return Result{State: st.State, Reply: st.Reply, Change: st.Change}, nil
}

const (
	// latest is the last moment at which a command can be run, so that what lies ahead is a number as well.
	latest = MaxNumber - 3_600_000
	// maxClockBack is how far behind the last change the clock may read without a new epoch.
	maxClockBack = 1_000
	// holdSlack is how much later than [MaxHold] a hold may end, because the sender's idea of the store's time is
	// inexact.
	holdSlack = 60_000
	// spacing is how far apart leases begin that are granted because of rejections (M13), or after a token that was
	// expired on arrival (M6).
	spacing = 1_000
)

var errUsedUp = bad("Seen", "no epoch is left after this one", "delete the store's data, and restart the processes")

// step is a command in progress.
type step struct {
	State
	now    Time
	Reply  Reply
	Change Change
}

// run reports false if the epochs are used up.
func (s *step) run(c Command) bool {
	switch c.Kind {
	case Acquire, Offer:
		// A process that has seen more than the store has: data was lost, so nothing in the state can be relied upon.
		if s.Epoch == 0 || s.version().Less(c.Seen) || s.Fence >= MaxNumber {
			if !s.begin(max(s.Epoch, c.Seen.Epoch)) {
				return false
			}
		}
		if c.Kind == Acquire {
			s.acquire(c)
		} else {
			s.offer(c)
		}
	case Publish:
		s.publish(c)
	case Hold:
		s.hold(c)
	case Extend:
		s.extend(c)
	case Release:
		s.release(c)
	case Outcome:
		s.outcome(c)
	}
	return true
}

// begin starts an epoch after the given one, without a record. It reports false if there is none.
func (s *step) begin(after int64) bool {
	if after >= MaxNumber {
		return false
	}
	s.State = State{Epoch: max(int64(s.now), after+1)}
	s.changed()
	return true
}

// changed notes that the state has to be written.
func (s *step) changed() { s.Change = max(s.Change, Changed) }

// pushed notes that others wait for what has changed.
func (s *step) pushed() { s.Change = Pushed }

// usable reports whether there is a record that has not expired.
func (s *step) usable() bool { return s.Record.Gen > 0 && s.now < s.Record.Expires }

// have replies with the record, without its sealed part if the caller has seen it.
func (s *step) have(kind ReplyKind, seen Version) {
	s.Reply.Kind, s.Reply.Record = kind, s.Record
	if !seen.Less(s.version()) {
		s.Reply.Record.Sealed = nil
	}
}

// wait replies that the caller should ask again.
func (s *step) wait(until Time) { s.Reply.Kind, s.Reply.Until = Wait, until }

// fetching reports whether a process other than owner has the lease.
func (s *step) fetching(owner string) bool { return s.now < s.Lease.Until && s.Lease.Owner != owner }

// grant gives the caller the lease: a new one, or the one that it has.
func (s *step) grant(c Command) {
	if s.now >= s.Lease.Until || s.Lease.Owner != c.Owner {
		s.Fence++
		s.Granted = s.now
		s.Lease = Lease{Owner: c.Owner, Since: s.now}
	}
	s.prolong(c.Lease)
}

// prolong lets the lease last from now, and replies.
func (s *step) prolong(lease int64) {
	if until := min(s.now+Time(lease), s.Lease.Since+MaxTenure); until > s.Lease.Until {
		s.Lease.Until = until
		s.changed()
	}
	s.Reply.Kind, s.Reply.Until = Fetch, s.Lease.Until
	s.Reply.Grant = Version{Epoch: s.Epoch, Gen: s.Fence}
}
