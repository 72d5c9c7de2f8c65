package store

// acquire is for a process that wants a token.
func (s *step) acquire(c Command) {
	newer := s.usable() && c.Seen.Less(s.version()) && s.Record.Digest != c.Rejected && !c.Manual
	if c.Rejected != "" {
		if newer {
			s.heard(c) // old news: the token is replaced already
		} else {
			s.rejected(c)
		}
		s.guarded(c.Origin)
	}
	if newer {
		s.have(Have, c.Seen)
		return
	}
	// A process that still has a token fetches because that was rejected; one that has none fetches anyway.
	replaces := c.Rejected != "" && !c.Urgent
	if s.now < s.Lease.Until {
		if s.Lease.Owner == c.Owner {
			s.grant(c) // it asks again because the reply was lost
			s.Reply.Hold = s.Hold
			return
		}
		if replaces {
			s.await(c.Origin)
		}
		s.wait(s.Lease.Until)
		return
	}
	if s.binding(c) {
		s.Reply.Kind, s.Reply.Until, s.Reply.Hold = Held, s.Hold.Until, s.Hold
		return
	}
	if replaces {
		if until := s.entitled(c); s.now < until {
			s.Reply.Kind, s.Reply.Until = Suppressed, until
			return
		}
	}
	if until := s.earliest(replaces); s.now < until {
		s.wait(until)
		return
	}
	s.grant(c)
	s.Reply.Hold = s.Hold
	if replaces {
		s.Replaced = s.now
		s.spend(c)
	}
}

// binding reports whether the hold keeps the caller from fetching. One after a failed refresh behind a usable token
// ends with that token, and with its rejection (M8, M9, M21).
func (s *step) binding(c Command) bool {
	lifted := s.Hold.Behind && (c.Urgent || c.Rejected != "")
	return s.now < s.Hold.Until && !c.Manual && !lifted
}

// earliest is when the next lease may begin.
func (s *step) earliest(replaces bool) (at Time) {
	if replaces && s.Replaced > 0 {
		at = s.Replaced + spacing
	}
	if s.Record.Gen > 0 && s.Record.Expires <= s.Record.Published {
		at = max(at, s.Granted+spacing) // the last token was expired on arrival (M6)
	}
	return at
}

// offer is for a process that holds a token of which the store may not know. A token that another process fetches
// comes first: it is the newer one.
func (s *step) offer(c Command) {
	useless := s.now >= c.Expires || s.contested(c.Digest)
	asGood := s.usable() && s.Record.Expires >= c.Expires
	switch {
	case asGood && s.Record.Digest == c.Digest, s.usable() && !s.contested(s.Record.Digest) && (asGood || useless):
		s.have(Have, c.Seen)
	case useless:
		s.Reply.Kind = Refused
	case s.fetching(c.Owner):
		s.wait(s.Lease.Until)
	default:
		s.grant(c)
	}
}
