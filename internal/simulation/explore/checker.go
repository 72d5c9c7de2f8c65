package explore

import "time"

// checker is what the rules need to know of the past to judge the present. It is kept from what can be seen from outside
// (inputs, effects, events), by the words of the contract and not by the core's own state.
type checker struct {
	round           bool          // attempts are being made for a waiting caller, or for one that was promised a fetch
	failureReported bool          // the round of the fetch in flight is over, so what becomes of it concerns no caller
	quiet           time.Duration // no fetch may start for so long, because others failed (M8, M9, M10)
	liftable        bool          // ... and the loss of the token ends that (M9)
	gate            time.Duration // no fetch may start for so long, lest it become a loop (M5, M6)
	transient       int           // failures in a row of either kind
	permanent       int
	repeated        bool // the published token's value came again

	sinceRejection time.Duration // since the start of the last fetch caused by a rejection; a second at most
	sincePublished time.Duration // since the publication; a second at most
	rejected       uint8         // who had a rejection accepted since the last publication
	fetchedFor     uint8         // who had one accepted before the published token came
	retryAt        time.Duration // until the last caller whose rejection was suppressed may try again
}

// second is what several rules keep fetches apart by (M5, M6, M13).
const second = time.Second

func (l *checker) pass(d time.Duration) {
	l.quiet = max(l.quiet-d, 0)
	if l.quiet == 0 {
		l.liftable = false
	}
	l.gate = max(l.gate-d, 0)
	l.sinceRejection = min(l.sinceRejection+d, second)
	l.sincePublished = min(l.sincePublished+d, second)
	l.retryAt = max(l.retryAt-d, 0)
}

// holdOff notes a wait after a failure.
func (l *checker) holdOff(d time.Duration, liftable bool) { l.quiet, l.liftable = d, liftable }

// lost notes that the token is gone, which ends a wait between refreshes.
func (l *checker) lost() {
	if l.liftable {
		l.quiet, l.liftable = 0, false
	}
}

// succeeded notes a success.
func (l *checker) succeeded() {
	l.quiet, l.liftable, l.transient, l.permanent = 0, false, 0, 0
}
