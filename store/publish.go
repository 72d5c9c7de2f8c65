package store

// leased reports whether the command comes from the process that was given the last lease, and replies if not. A
// lease that has ended still counts while no other one was given out.
func (s *step) leased(c Command) bool {
	if s.Epoch > 0 && c.Grant == (Version{Epoch: s.Epoch, Gen: s.Fence}) && c.Owner == s.Lease.Owner {
		return true
	}
	s.Reply.Kind = Stale
	if s.usable() {
		s.have(Stale, Version{})
	}
	return false
}

// publish is for a process that has fetched.
func (s *step) publish(c Command) {
	if s.Epoch > 0 && c.Grant == s.version() && c.Digest == s.Record.Digest {
		s.Reply.Kind = Done // sent again because the reply was lost
		return
	}
	if !s.leased(c) {
		return
	}
	same := c.Digest == s.Record.Digest
	s.Record = Record{Gen: s.Fence, Digest: c.Digest, Expires: c.Expires, Published: s.now, Sealed: c.Sealed}
	s.arrived(same, c.Offered)
	s.Lease = Lease{}
	if !c.Offered {
		s.Hold, s.Trouble = HoldState{}, "" // the endpoint works
	}
	s.pushed()
	s.Reply.Kind = Done
}

// hold is for a process whose fetch failed.
func (s *step) hold(c Command) {
	if !s.leased(c) {
		return
	}
	s.Lease = Lease{}
	s.pushed()
	if c.Class == Connection {
		another := s.Trouble != "" && s.Trouble != c.Owner
		s.Trouble = c.Owner
		if !another && s.Hold.Failures == 0 {
			s.Reply.Kind = Done // so far, it may be this process's own network (D6)
			return
		}
	}
	s.Hold = HoldState{Fence: s.Fence, Until: c.Until, Class: c.Class, Behind: c.Behind, Failures: c.Failures, Note: c.Note}
	s.Reply.Kind, s.Reply.Until, s.Reply.Hold = Held, c.Until, s.Hold
}

// extend is for a process whose fetch takes long.
func (s *step) extend(c Command) {
	if s.leased(c) {
		s.prolong(c.Lease)
		if s.now >= s.Lease.Until {
			s.Reply = Reply{Kind: Stale} // it has had its time
		}
	}
}

// release is for a process that fetches no longer.
func (s *step) release(c Command) {
	if s.leased(c) {
		s.Lease = Lease{}
		s.pushed()
		s.Reply.Kind = Done
	}
}
