package world

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// line reads the trace as it is written: most of what a recording shows is there anyway.
func (r *recorder) line(l line) {
	s, ok := r.now()
	if !ok {
		return
	}
	switch l.what {
	case wResponse:
		s.Unauthorized++
	case wOutage:
		r.outage(Trouble(l.a))
	case wRevoke:
		r.recordFault(-1, 0, "all tokens revoked")
	case wRoll:
		r.recordFault(-1, r.w.parameters.KeyLag, "keys roll over")
	case wStep:
		r.recordFault(l.p, 0, fmt.Sprintf("clock stepped by %v", time.Duration(l.a).Round(time.Millisecond)))
	case wSleep:
		r.recordFault(l.p, time.Duration(l.a), "asleep")
	case wClose:
		r.recordFault(l.p, 0, "closed")
	case wRefresh:
		r.recordFault(l.p, 0, "manual refresh")
	case wEvents + what(core.FetchStarted):
		r.cause[l.p] = core.Cause(l.b)
		r.Causes[l.b]++
	case wEvents + what(core.Withdrawn):
		r.tokenEnds(l.p)
	case wEvents + what(core.Rejected):
		// The guarded origin's token stays with the others (M13): it is marked when it is withdrawn or replaced.
		r.rejected(l.p)
	}
}

func (r *recorder) rejected(p int32) {
	if i := r.living[p]; i > 0 {
		r.Lifetimes[i-1].Rejected = true
	}
}

func (r *recorder) recordFault(p int32, lasts time.Duration, text string) {
	if len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, Fault{Span{r.w.now, min(r.w.now+lasts, r.Parameters.Duration)}, int(p), text})
	}
}

// outage begins a trouble, or ends the one there is.
func (r *recorder) outage(t Trouble) {
	if r.trouble > 0 {
		r.Faults[r.trouble-1].To = r.w.now
		r.trouble = 0
	}
	if t == Healthy || len(r.Faults) >= maxFaults {
		return
	}
	r.Faults = append(r.Faults, Fault{Span{r.w.now, -1}, -1, "token endpoint " + troublePhrases[t]})
	r.trouble = len(r.Faults)
}

var troublePhrases = [...]string{
	Healthy: "healthy", Refusing: "down", Hanging: "hangs", Throttling: "throttles", Overloaded: "overloaded",
	Denying: "denies", Garbling: "talks nonsense", Crawling: "crawls",
}

// crowd is a burst of callers.
func (r *recorder) crowd(p int32, n int) {
	if _, ok := r.now(); ok {
		r.recordFault(p, 0, fmt.Sprintf("%d callers at once", n))
	}
}

// CauseNames are what a [Recording]'s Causes count; the first has no name and no count.
func CauseNames() [causes]string { return causeWords }

// FetchOutcome is how a token request ended.
type FetchOutcome uint8

// The outcomes of a token request.
const (
	FetchNewToken FetchOutcome = iota
	FetchSameToken
	FetchExpiredOnArrival
	FetchFails
	FetchThrottled
	FetchDenied
	FetchTimedOut // or was cancelled otherwise
	FetchAbandoned
	FetchOutcomes // their number
)

var fetchOutcomeNames = [FetchOutcomes]string{
	"a new token", "the same token", "an expired token", "a failure", "throttled", "denied", "timed out", "abandoned",
}

// String says what the request brought.
func (o FetchOutcome) String() string { return fetchOutcomeNames[o] }

func (o outcome) public() FetchOutcome {
	return [...]FetchOutcome{
		brings: FetchNewToken, bringsSame: FetchSameToken, bringsExpired: FetchExpiredOnArrival, failsTransient: FetchFails,
		failsPermanent: FetchDenied, failsThrottled: FetchThrottled, failsCancelled: FetchTimedOut,
	}[o]
}
