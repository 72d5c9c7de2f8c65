package core

// recheck notices, during a backoff after the endpoint refused the credentials, that they have been corrected (F4).
// Reading a secret in a file or a variable again is free, a token request is not.
type recheck struct {
	// on says that the backoff follows a refusal of credentials that can be read again for free.
	on bool
	// running says that a check has been started and has not been reported. There is never a second one: a file system
	// may hang.
	running bool
	// stale says that the running check was started for an earlier backoff, and proves nothing about this one.
	stale bool
	// next is when the next check starts.
	next Elapsed
}

// begin is for a backoff that begins.
func (r *recheck) begin(recheckable bool, now Elapsed) {
	r.stale = r.running
	r.on, r.next = recheckable, now+recheckEvery
	if !recheckable {
		r.next = 0
	}
}

// end is for a backoff that ends.
func (r *recheck) end() { *r = recheck{running: r.running, stale: r.running} }

// settleRecheck starts a check when it is time.
func (s *step) settleRecheck() {
	r := &s.recheck
	if r.on && s.elapsed >= s.backoff.until {
		r.end()
	}
	if s.closed || !r.on || r.running || s.elapsed < r.next {
		return
	}
	r.running, r.stale = true, false
	s.CheckCredentials = true
}

// credentialsChecked is the report of a check. Corrected credentials lift the backoff, so that the next caller gets a
// round, or the refresh that is overdue is made.
func (s *step) credentialsChecked(in Input) {
	r := &s.recheck
	stale := r.stale
	r.running, r.stale = false, false
	if stale || !r.on || s.closed || s.elapsed >= s.backoff.until {
		return
	}
	if in.Changed {
		s.liftBackoff()
		s.event(Event{Kind: BackoffLifted})
		return
	}
	r.next = s.elapsed + recheckEvery
}
