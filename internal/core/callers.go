package core

// get is somebody who found no usable token.
func (t *turn) get() {
	t.Reply = t.serve()
	if t.Reply == None {
		t.startRound(t.retrying(t.missing()))
		t.Reply = Wait
	}
}

// serve is what a caller gets without a new round: None means that one is needed.
func (t *turn) serve() Reply {
	switch {
	case t.closed:
		return Shut
	case t.token.on:
		// Whoever is served is a reader: a token that was due but unread is refreshed behind them.
		t.read, t.token.dormant = true, false
		return Serve
	case t.round.on:
		return Wait
	case t.failingFast():
		return Failed
	case t.blocked():
		return Failed
	}
	return None
}

// blocked refuses to start anything while too many fetches run that were given up (M15).
func (t *turn) blocked() bool {
	if t.flight.on || t.abandoned < maxAbandoned {
		return false
	}
	if t.Failure.Kind == NoFailure { // else it is that of a round which ended in this very step
		t.Failure = Failure{Kind: Blocked}
	}
	return true
}

func (t *turn) missing() Cause {
	if t.tokens == 0 {
		return CauseCold
	}
	return CauseExpired
}

// refresh is somebody who wants a fetch now, whatever stands in its way (M20), but for one that already runs and for M15.
func (t *turn) refresh() {
	switch {
	case t.closed:
		t.Reply = Shut
		return
	case t.blocked():
		t.Reply = Failed
		return
	}
	t.backoff.lift()
	t.notBefore = 0
	if t.round.on {
		t.round.next = t.elapsed
	} else {
		t.startRound(CauseManual)
	}
	t.Reply = Wait
}

// invalidate is somebody who saw a token refused (M12, M13).
func (t *turn) invalidate(in Input) {
	if t.closed {
		t.Reply = Shut
		return
	}
	if !in.Current || !t.token.on {
		t.Reply = Done
		if in.Wait {
			t.get()
		}
		return
	}
	guarded := t.guards.guarded(t, in.Origin)
	if until, ok := t.mayReplace(in.Origin, guarded); !ok {
		t.Reply = Suppressed
		if until > 0 {
			t.Until = t.at(until)
		}
		t.event(Event{Kind: RejectionSuppressed, Token: t.token.id, Until: t.Until})
		return
	}
	t.event(Event{Kind: Rejected, Token: t.token.id})
	t.guards.note(t, in.Origin, guarded)
	if !guarded {
		t.lose()
	} else if t.backoff.kind == refreshing {
		t.backoff.lift()
	}
	if !t.round.on {
		t.startRound(CauseRejected)
	}
	t.Reply = Done
	if in.Wait {
		t.Reply = Wait
	}
}

// mayReplace reports whether a rejection of the current token may lead to a fetch, and if not, from when on one may (0 if
// that is not bound to a time). A fetch that is on its way serves every rejection, unless its failure has been told.
func (t *turn) mayReplace(rejecter uint64, guarded bool) (until Elapsed, ok bool) {
	switch {
	case t.abandoned >= maxAbandoned && !t.flight.on:
		return 0, false
	case t.round.on || t.flight.on && !t.flight.told:
		return 0, true
	}
	if t.failingFast() {
		until = t.backoff.until
	}
	if guarded {
		until = max(until, t.guards.until(t, rejecter))
	}
	if t.guards.fetched {
		until = max(until, t.guards.lastFetch+restart)
	}
	return until, t.elapsed >= until
}
