package core

import "time"

// Effects is what one step decided. They are applied in the order of the fields.
type Effects struct {
	// Cancel the context of the fetch in flight.
	Cancel bool
	// Late: the result at hand is that of an abandoned fetch, and is to be dropped.
	Late bool
	// Withdraw the token that is published, and publish the one that arrived.
	Withdraw    bool
	Publish     bool
	Publication Publication
	// Contested: the set of origins that may not use the published token has changed (M21). [Core.Contests] is that set,
	// and a publication of the same step is subject to it from the beginning.
	Contested bool
	// Fetch: start a fetch under this number.
	Fetch  bool
	Flight uint64
	// CheckCredentials: find out, under this number and not on the owner, whether the credentials are other ones than
	// those that the endpoint refused, and report [CredentialsChecked] (F4).
	CheckCredentials bool
	Check            uint64
	// Failure: remember why there is no token; it is what Failed answers mean from now on.
	Failure Failure
	// Wake the core at that time; not at all unless Armed.
	Wake  Elapsed
	Armed bool
	// Release, if set, answers everyone who has been waiting. Answer is for the sender of the input, who may have to wait
	// from now on.
	Release Reply
	Reply   Reply
	Until   time.Time // of a Suppressed answer
	// Ended: the core is closed and nothing of it runs any more.
	Ended bool
	// What there is to tell, in order.
	Events [maxEvents]Event
	N      int
}

// Publication is a token as it is handed out.
type Publication struct {
	Number uint64
	Token  uint64
	// Start of the request that brought it; due for refresh; the end of its being handed out; expiry by the endpoint's word.
	Start, RefreshTime, EffectiveExpiry, Expiry time.Time
	// Life is the time from now to End.
	Life time.Duration
}

// Answer is a reply to a caller.
type Reply uint8

// The replies.
const (
	None         Reply = iota
	Serve              // the current token
	ServeExpired       // the token that just arrived, though it is not published
	Wait               // there will be a Release
	Failed             // the remembered failure
	Done               // nothing to hand out
	Suppressed         // the rejected token stays
	Shut               // the core is closed
	// WaitOrServe: there will be a Release; if it is Failed while the token is still published, this caller is served that
	// token (M21). See [Effects.ReleaseOf].
	WaitOrServe
	// TooShort: the endpoint's tokens do not live as long as the caller wants (M20).
	TooShort
)

// FailureKind says where a failure's text comes from.
type FailureKind uint8

// The kinds of failure.
const (
	NoFailure        FailureKind = iota
	Returned                     // the fetch returned an error
	TimedOut                     // the time for all attempts was up
	GaveUp                       // the fetch ignored its cancellation and was abandoned
	Blocked                      // too many abandoned fetches
	ExpiredOnArrival             // the token that came was dead on arrival
)

// Failure is why there is no token, or no newer one.
type Failure struct {
	Kind      FailureKind
	Attempts  int
	Permanent bool
	Next      time.Time // when the next attempt is allowed; zero if that is not bound to a time
}

// EventKind is something worth telling.
type EventKind uint8

// The kinds of events.
const (
	FetchStarted EventKind = iota + 1
	FetchEnded
	FetchAbandoned
	LateResult
	Published
	Withdrawn
	Rejected
	RejectionSuppressed
	BackedOff
	WentIdle
	WasClosed
)

// Cause is why a fetch starts.
type Cause uint8

// The causes.
const (
	CauseCold Cause = iota + 1
	CauseRefresh
	CauseExpired
	CauseRejected
	CauseManual
	CauseRetry
)

// Class is a fetch's outcome.
type Class uint8

// The classes.
const (
	ClassOK Class = iota + 1
	ClassExpiredOnArrival
	ClassTransient
	ClassPermanent
)

// Event is something that happened in a step.
type Event struct {
	Kind     EventKind
	Cause    Cause
	Class    Class
	Attempt  int
	Token    uint64
	Flight   uint64
	Duration time.Duration
	Until    time.Time
}

// maxEvents is more than one step can produce: a loss, an abandonment with its backoff, the input's own three, a launch.
const maxEvents = 10

func (e *Effects) event(ev Event) {
	if e.N == maxEvents {
		panic("bug: a step has more events than maxEvents")
	}
	e.Events[e.N] = ev
	e.N++
}

// ReleaseOf returns what the Release of a step means to a caller whose own reply was Wait or WaitOrServe. usable says that
// a token is published after the step.
func (e *Effects) ReleaseOf(waiting Reply, usable bool) Reply {
	if waiting == WaitOrServe && e.Release == Failed && usable {
		return Serve
	}
	return e.Release
}
