package sharing

import (
	"slices"
	"time"

	"github.com/alf-go/alf/store"
)

// want is a fetch that the token's core wants, until it starts or is not wanted any more.
type want struct {
	on             bool
	urgent, manual bool
	// since is when the process began to wait for others, if it waits.
	waits bool
	since Elapsed
	// askAt is when the store is asked next.
	askAt Elapsed
	// rejection is why it is wanted, if an API rejected the token: it is reported once.
	rejection rejection
	// useless counts replies in a row that were of no use.
	useless int
}

// rejection is what the store is asked with about a token that an API has rejected. Its zero value is none.
type rejection struct {
	token, origin store.Digest
	note          []byte
	guarded, good bool
}

// wanted is a fetch that is wanted, or more urgently than before.
func (s *step) wanted(in Input) {
	w := &s.want
	switch {
	case s.closed || s.fetch.on:
		return
	case !w.on:
		w.on, w.askAt, w.waits, w.useless = true, s.elapsed, false, 0
		w.urgent, w.manual = in.Urgent, in.Manual
		if w.rejection.token == "" && !in.Urgent && !in.Manual && s.held.on && s.held.expires-s.elapsed > spreadsLeft*offerSpread {
			w.askAt += s.spread() // a refresh, which all others may want at the same time
		}
	case in.Urgent && !w.urgent || in.Manual:
		w.urgent, w.manual = w.urgent || in.Urgent, w.manual || in.Manual
		w.askAt = s.elapsed
	}
}

// unwanted is one that is not wanted any more.
func (s *step) unwanted() {
	s.want = want{}
	s.fetch.on = false
	if s.fetch.granted() && s.fetch.end == 0 {
		s.fetch.end = store.Release
	}
}

// tokenRejected notes a rejection. It is reported with the next question, which is asked at once.
func (s *step) tokenRejected(in Input) {
	if !slices.Contains(s.rejected, in.Digest) {
		s.rejected = append(slices.Clone(s.rejected), in.Digest)
		if len(s.rejected) > maxRejected {
			s.rejected = s.rejected[1:]
		}
	}
	w := &s.want
	w.rejection = rejection{token: in.Digest, origin: in.Origin, note: in.Note, guarded: in.Guarded, good: in.Good}
	w.askAt = s.elapsed
}

// ask asks the store for a token, or goes on without it.
func (s *step) ask() {
	w := &s.want
	switch {
	case s.Adopt: // it may not be wanted any more
	case s.fetch.granted():
		s.start() // the next attempt of a round
	case s.elapsed < s.circuit.until:
		s.start()
	case s.elapsed >= w.askAt:
		r := &w.rejection
		s.send(store.Command{
			Kind: store.Acquire, Lease: Lease.Milliseconds(), Seen: s.seen, Urgent: w.urgent, Manual: w.manual,
			Rejected: r.token, Origin: r.origin, Note: r.note, Guarded: r.guarded, Good: r.good,
		})
	}
}

// wait is for another process that fetches.
func (s *step) wait(until store.Time) {
	w := &s.want
	if !w.waits {
		w.waits, w.since = true, s.elapsed
	}
	w.manual = false
	// All that wait may know of the same time. Spread, the first of them has its reply before all ask the store.
	w.askAt = s.elapsed + min(max(s.clock.until(until, s.elapsed), shortestWait), longestPoll) + s.spread()
}

// waitedLongEnough reports whether other processes were waited for during the time of an attempt (D4).
func (s *step) waitedLongEnough() bool {
	return s.want.waits && s.elapsed >= s.want.since+s.policy.AttemptTimeout
}

// obey is a hold: the endpoint must not be contacted for some time.
func (s *step) obey(h store.HoldState) {
	left := s.left(h)
	w := &s.want
	w.askAt, w.waits, w.manual = s.elapsed+left, false, false
	s.Refuse, s.For, s.Hold = true, left, h
}

// left is for how long a hold lasts.
func (s *step) left(h store.HoldState) time.Duration {
	return min(max(s.clock.until(h.Until, s.elapsed), shortestWait), longestHold)
}

// binds reports whether a hold is one for this process. One after a failed refresh behind a usable token ends with that
// token, and with its rejection (M8, M9, M21).
func (s *step) binds(h store.HoldState) bool {
	return !(h.Behind && (s.want.urgent || s.want.rejection.token != "")) && s.clock.until(h.Until, s.elapsed) > 0
}

// useless is a reply of no use, such as a record that cannot be opened: it counts as missing. The store is asked again
// in such a way that it does not count.
func (s *step) useless() {
	w := &s.want
	w.useless++
	w.manual, w.askAt = true, s.elapsed
	if w.useless >= maxUseless {
		s.openCircuit()
	}
}

// start lets the fetch begin.
func (s *step) start() {
	s.Start, s.Alone = true, !s.fetch.granted()
	s.fetch.on = true
	s.want.on = false
	s.want.waits = false
	if !s.op.on {
		s.extend() // it may be due: the process may have been stopped
	}
}

// pauseOf is the pause of all processes together after so many failures.
func (s *step) pauseOf(failures int64) time.Duration {
	pause := s.policy.MinBackoff
	for range min(failures-1, 20) {
		pause = min(2*pause, s.policy.MaxBackoff)
	}
	return time.Duration(float64(pause) * (0.5 + s.draw/2))
}

// suppress ends what is wanted because of a rejection.
func (s *step) suppress(until store.Time) {
	left := max(s.clock.until(until, s.elapsed), shortestWait)
	w := &s.want
	w.askAt = s.elapsed + left
	w.rejection = rejection{}
	if w.urgent {
		w.askAt = s.elapsed // the token was lost meanwhile, so it is wanted for another reason
		return
	}
	s.rejected = slices.DeleteFunc(slices.Clone(s.rejected), func(d store.Digest) bool { return d == s.held.digest })
	s.Suppress, s.For = true, left
}
