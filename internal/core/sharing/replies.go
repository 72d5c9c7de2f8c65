package sharing

import "github.com/alf-go/alf/store"

// replied is the store's reply to a command.
func (s *step) replied(in Input) {
	if !s.current(in.Op) {
		return // it comes too late, and what it says was asked again or is not wanted any more
	}
	r := &in.Reply
	if r.Now <= 0 || r.Kind == 0 {
		s.storeFailed()
		return
	}
	kind := s.op.kind
	s.op.on = false
	s.clock.replied(r.Now, s.op.sent, s.elapsed)
	s.circuit = circuit{}
	switch kind {
	case store.Acquire:
		s.acquired(in)
	case store.Offer:
		s.offerReplied(in)
	case store.Publish:
		s.published(in)
	case store.Extend:
		s.extended(in)
	case store.Hold:
		if s.HoldSet = r.Kind == store.Held; s.HoldSet {
			s.For = s.left(r.Hold)
		}
		s.fetch.over()
	case store.Release:
		s.fetch.over()
	}
}

// acquired is the reply to a question for a token.
func (s *step) acquired(in Input) {
	r := &in.Reply
	if s.op.manual {
		s.want.manual = false
	}
	if !s.want.on {
		if r.Kind == store.Fetch && s.seen.Less(r.Grant) {
			s.fetch.grant, s.fetch.extendAt = r.Grant, s.elapsed+Lease/leasePart
			if !s.fetch.on { // else it was waited for the store for too long, and is granted now
				s.fetch.end = store.Release
			}
		}
		return
	}
	switch {
	case r.Kind == store.Have && s.take(r.Version, r.Record, in.Opened):
	case r.Kind == store.Fetch && s.seen.Less(r.Grant):
		s.fetch = fetch{grant: r.Grant, failures: r.Hold.Failures, extendAt: s.elapsed + Lease/leasePart}
		s.want.useless = 0
	case r.Kind == store.Wait:
		s.wait(r.Until)
	case r.Kind == store.Held && in.Trusted:
		s.obey(r.Hold)
	case r.Kind == store.Suppressed && in.Trusted:
		s.suppress(r.Until)
	default:
		s.useless()
	}
}

// take adopts a record, if it is newer than what was seen. It reports false if it is of no use whatever happens.
func (s *step) take(v store.Version, r store.Record, opened bool) bool {
	if !opened || !s.seen.Less(v) || v.Gen != r.Gen {
		return false
	}
	s.see(v)
	s.want.askAt = s.elapsed // unless it is adopted
	left := s.clock.left(r.Expires, s.elapsed)
	if h := &s.held; h.on && h.digest == r.Digest && h.expires+sameExpiry > s.elapsed+left {
		h.version, h.offerAt = v, s.nextPoll() // it is here already
		return true
	}
	if left > 0 && !s.isRejected(r.Digest) {
		s.Adopt, s.Left, s.Version = true, left, v
	}
	return true
}

// adopted is a token that this process has now.
func (s *step) adopted(in Input) {
	s.held = held{on: true, digest: in.Digest, expires: s.elapsed + in.Life, version: in.Version}
	s.held.offerAt = s.nextPoll()
	s.want = want{} // the token's core does not wait any more
}

// pushed is a change that the store reports. It saves time; the next question decides.
func (s *step) pushed(in Input) {
	p := &in.Push
	if p.Now <= 0 || s.closed {
		return
	}
	s.clock.pushed(p.Now, s.elapsed)
	if p.Record.Gen > 0 && s.clock.known && s.take(p.Version, p.Record, in.Opened) {
		return
	}
	if s.held.on && !s.held.refused && s.held.version != (store.Version{}) && p.Version.Less(s.held.version) {
		s.held.version = store.Version{} // the store has lost it
		s.held.offerAt = s.elapsed + s.spread()
	}
	w := &s.want
	if !w.on || s.fetch.on || s.op.on {
		return
	}
	switch {
	case p.Hold.Until > 0 && in.Trusted && s.clock.known && s.binds(p.Hold):
		s.obey(p.Hold)
	case p.Busy == 0:
		w.askAt = s.elapsed
	}
}
