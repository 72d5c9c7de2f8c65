package explore

import "time"

// checker is what the rules need to know of the past to hold the present against. It is kept from what can be seen from
// outside (inputs, effects, events), by the words of the contract and not by the core's own state.
type checker struct {
	round           bool          // attempts are being made for a waiting caller, or for one that was promised a fetch
	failureReported bool          // the round of the fetch in flight is over, so what becomes of it concerns no caller
	quiet           time.Duration // no fetch may start for so long, because others failed (M8, M9, M10)
	liftable        bool          // ... and a rejection or the loss of the token ends that (M8, M9)
	lossEnds        bool          // ... and only the loss of the token does (M21)
	gate            time.Duration // no fetch may start for so long, lest it become a loop (M5, M6)
	transient       int           // failures in a row of either kind
	permanent       int
	repeated        bool // the published token's value came again

	attended    bool // a caller waits in the round, or did
	outageKnown bool // watchers know that no token is available
	ofWatchers  bool // the wait after a failure binds watchers only, as callers are bound by the gate alone (M6)

	again bool // the last fetch brought an expired token's value again

	sinceRejection time.Duration // since the start of the last fetch caused by a rejection; a second at most
	retryAt        time.Duration // until the last caller whose rejection was suppressed may try again
}

// second is what several rules keep fetches apart by (M5, M6, M13).
const second = time.Second

func (l *checker) pass(d time.Duration) {
	l.quiet = max(l.quiet-d, 0)
	if l.quiet == 0 {
		l.liftable, l.lossEnds, l.ofWatchers = false, false, false
	}
	l.gate = max(l.gate-d, 0)
	l.sinceRejection = min(l.sinceRejection+d, second)
	l.retryAt = max(l.retryAt-d, 0)
}

// holdOff notes a wait after a failure.
func (l *checker) holdOff(d time.Duration) {
	l.quiet, l.liftable, l.lossEnds, l.ofWatchers = d, false, false, false
}

// lift ends the wait.
func (l *checker) lift() { l.holdOff(0) }

// rejected notes that a rejection is acted on, which ends a wait between refreshes.
func (l *checker) rejected() {
	if l.liftable {
		l.lift()
	}
}

// lost notes that the token is gone, which ends a wait between refreshes, and one after a round for the origins that
// contested it.
func (l *checker) lost(contested bool) {
	if l.liftable || l.lossEnds && contested {
		l.lift()
	}
}

// succeeded notes a success.
func (l *checker) succeeded() {
	l.lift()
	l.transient, l.permanent = 0, 0
}
