package core

import "time"

// Effects is what one step decided. They are applied in the order of the fields.
type Effects struct {
	// Cancel the context of the fetch in flight.
	Cancel bool
	// Late: the result at hand is to be dropped: it is that of an abandoned fetch (M15), or of a stale one (D).
	Late bool
	// Withdraw the token that is published.
	Withdraw bool
	// Publish the token that arrived or was offered, with the times of Publication. A token that is expired on arrival
	// has a Publication as well, and is not published (M6).
	Publish     bool
	Publication Publication
	// Contested: the set of origins that may not use the published token has changed (M21). [Core.Contests] is that
	// set, and a publication of the same step is subject to it from the beginning.
	Contested bool
	// Fetch: start a fetch under the number Flight.
	Fetch  bool
	Flight uint64
	// Freed: the fetch that was in flight is over for the endpoint, because it ended or was given up (E1).
	Freed bool
	// Unqueue: the fetch that waits for its admission is not wanted any more. Decline: the one that was just admitted
	// is not. Enqueue: the fetch Flight wants to be admitted. Promote: it waits already, and is more urgent now (E1).
	Unqueue, Decline, Enqueue, Promote bool
	// Urgent, Manual and New, of Enqueue and Promote, say that callers wait for the token, that a caller demanded the
	// fetch, and that there has never been a token.
	Urgent, Manual, New bool
	// CheckCredentials: find out, not on the owner, whether the credentials are other ones than those that the endpoint
	// refused, and report [CredentialsChecked] (F4). There is no second check before that report.
	CheckCredentials bool
	// Failure: remember why there is no token; it is what Failed replies mean from now on.
	Failure Failure
	// Wake the core at that time; not at all unless Armed.
	Wake  Elapsed
	Armed bool
	// Release, if set, is the reply to all callers that have been waiting; see [Effects.ReleaseOf]. If it is
	// Suppressed, those that wait for a successor of a token which they have rejected get that, and all others the
	// token.
	Release Reply
	// Reply is for the sender of the input, which may have to wait from now on.
	Reply Reply
	// Notify is what watchers learn: Serve (the token that is published), Failed (the remembered failure, once in each
	// outage) or Shut; None if there is nothing new (W1, W3).
	Notify Reply
	// Until, of a Suppressed reply, is when the same rejection would be acted on. Zero: that is not bound to a time.
	Until time.Time
	// Ended: the core is closed and nothing of it runs any more.
	Ended bool
	// Replaced: an origin accepted the token that was fetched because it had rejected the one before. See
	// [Displacements].
	Replaced bool
	// Events are what happened, in order; N is how many there are.
	Events [maxEvents]Event
	N      int
}

// ReleaseOf returns what the Release of a step means to a caller whose own reply was Wait or WaitOrServe. usable says
// that after the step a token is published which the caller's origin does not contest: it may have rejected the token
// while the caller waited.
func (e *Effects) ReleaseOf(waiting Reply, usable bool) Reply {
	if waiting == WaitOrServe && (e.Release == Failed || e.Release == Suppressed) && usable {
		return Serve
	}
	return e.Release
}

// Publication is a token as it is handed out.
type Publication struct {
	// Number numbers the publications, Token the tokens: a value that comes again keeps its Token.
	Number, Token uint64
	// Start is when the request that brought the token was started, RefreshTime when its successor is fetched if it is
	// in use, EffectiveExpiry when it is no longer handed out, Expiry when it expires. All are on the wall clock.
	Start, RefreshTime, EffectiveExpiry, Expiry time.Time
	// Life is the time from now to EffectiveExpiry. The token is withdrawn when it has passed, whatever the clock reads
	// by then (M2).
	Life time.Duration
}

// Reply is what a caller gets.
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
	// WaitOrServe: there will be a Release; if it is Failed while the token is still published, this caller is served
	// that token (M21). See [Effects.ReleaseOf].
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
	Refused                      // the endpoint refuses to let callers wait, because of what others have met (E2)
	ExpiredOnArrival             // the token was expired on arrival
)

// Failure is why there is no token, or no newer one.
type Failure struct {
	Kind FailureKind
	// Attempts is how many fetches were made.
	Attempts int
	// Permanent says that another attempt would fail in the same way (M10).
	Permanent bool
	// Next is when the next attempt is allowed, on the wall clock. Zero: that is not bound to a time.
	Next time.Time
}
