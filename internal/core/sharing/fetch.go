package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// fetch is the fetch that runs, and the lease that it runs under.
type fetch struct {
	on bool
	// grant is the lease. It stays between the attempts of a round. Zero: there is none.
	grant store.Version
	// extendAt is when it is prolonged.
	extendAt Elapsed
	// failures counts those of all processes before this fetch.
	failures int64
	// end is the command that ends the lease: Publish, Hold or Release. Zero: it goes on.
	end store.Kind
	// class, pause and behind are those of a Hold.
	class  store.Class
	pause  time.Duration
	behind bool
}

func (f *fetch) granted() bool { return f.grant != store.Version{} }

// over ends the lease.
func (f *fetch) over() { *f = fetch{on: f.on && !f.granted()} }

// extend prolongs the lease while a slow fetch runs, or between the attempts of a round.
func (s *step) extend() {
	f := &s.fetch
	if !f.granted() || s.elapsed < f.extendAt || s.elapsed < s.circuit.until {
		return
	}
	f.extendAt = s.elapsed + Lease/leasePart
	s.send(store.Command{Kind: store.Extend, Lease: Lease.Milliseconds(), Grant: f.grant})
}

// extended is the reply. Without its lease, the fetch goes on: its token may be of use to this process (D7).
func (s *step) extended(in Input) {
	if in.Reply.Kind == store.Fetch {
		return
	}
	on := s.fetch.on
	s.fetch = fetch{on: on}
	s.take(in.Reply.Version, in.Reply.Record, in.Opened)
}

// fetchEnded is a fetch that ended.
func (s *step) fetchEnded(in Input) {
	s.fetch.on = false
	if !in.OK {
		return // there may be another attempt
	}
	s.want.rejection = rejection{}
	s.held = held{on: true, digest: in.Digest, expires: s.elapsed + in.Life, offerAt: s.elapsed}
	if s.fetch.granted() {
		s.fetch.end = store.Publish
	}
}

// roundFailed is a failure after which no further attempt is made for now.
func (s *step) roundFailed(in Input) {
	f := &s.fetch
	f.on = false
	if !f.granted() || f.end != 0 {
		return
	}
	f.end = store.Release
	if in.Class != 0 {
		f.end, f.class, f.behind = store.Hold, in.Class, in.Behind && !in.Asked
		f.pause = min(max(in.Backoff, s.pauseOf(f.failures+1)), longestHold)
	}
}

// finish ends the lease.
func (s *step) finish() {
	f := &s.fetch
	if !f.granted() || s.elapsed < s.circuit.until {
		f.over()
		return
	}
	c := store.Command{Kind: f.end, Grant: f.grant}
	switch {
	case f.end == store.Publish && !s.held.on:
		c.Kind = store.Release
	case f.end == store.Publish:
		c.Digest, c.Expires = s.held.digest, s.expiresAt()
	case f.end == store.Hold:
		c.Class, c.Behind, c.Failures = f.class, f.behind, min(f.failures+1, store.MaxFailures)
		c.Until = s.clock.earliest(s.elapsed) + store.Time(f.pause/time.Millisecond)
	}
	f.end = c.Kind
	s.send(c)
}

// expiresAt is the expiry of the token that is held, in the store's time.
func (s *step) expiresAt() store.Time {
	return s.clock.earliest(s.elapsed) + store.Time((s.held.expires-s.elapsed)/time.Millisecond)
}

// published is the reply to a token that was handed in. A stale one is kept here, and a newer one adopted.
func (s *step) published(in Input) {
	grant := s.fetch.grant
	s.fetch.over()
	switch r := &in.Reply; r.Kind {
	case store.Done:
		s.see(grant)
		if s.held.on {
			s.held.version, s.held.offerAt = grant, s.nextPoll()
		}
	case store.Stale:
		s.held.offerAt = s.elapsed + s.spread()
		s.take(r.Version, r.Record, in.Opened)
	}
}
