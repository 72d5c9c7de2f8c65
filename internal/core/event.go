package core

import "time"

// EventKind says what an [Event] is about. The manager's events are of these kinds, under these names.
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
	// Guarded: an origin rejected tokens that were not to blame, and the fetches it may cause are limited from now on
	// (M13).
	Guarded
	// BackoffLifted: the credentials were corrected during a backoff (F4).
	BackoffLifted
	// OneActiveToken: the endpoint seems to have one active token per client (M13). It is no event of a step; see
	// [Displacements].
	OneActiveToken
	// EventKinds is how many kinds there are, the zero one included.
	EventKinds
)

// The names of the kinds, as logs have them.
const (
	FetchStartedName        = "fetch started"
	FetchEndedName          = "fetch ended"
	FetchAbandonedName      = "fetch abandoned"
	LateResultName          = "late result dropped"
	PublishedName           = "token published"
	WithdrawnName           = "token withdrawn"
	RejectedName            = "token rejected"
	RejectionSuppressedName = "rejection suppressed"
	BackedOffName           = "backing off"
	WentIdleName            = "idle"
	WasClosedName           = "closed"
	GuardedName             = "origin guarded"
	BackoffLiftedName       = "backoff lifted"
	OneActiveTokenName      = "one active token per client"
)

var kindNames = [EventKinds]string{
	FetchStarted:        FetchStartedName,
	FetchEnded:          FetchEndedName,
	FetchAbandoned:      FetchAbandonedName,
	LateResult:          LateResultName,
	Published:           PublishedName,
	Withdrawn:           WithdrawnName,
	Rejected:            RejectedName,
	RejectionSuppressed: RejectionSuppressedName,
	BackedOff:           BackedOffName,
	WentIdle:            WentIdleName,
	WasClosed:           WasClosedName,
	Guarded:             GuardedName,
	BackoffLifted:       BackoffLiftedName,
	OneActiveToken:      OneActiveTokenName,
}

// String returns the kind in words, as logs have it.
func (k EventKind) String() string { return name(kindNames[:], int(k)) }

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
	// CauseShared is that of a token which was not fetched here. Published events have it.
	CauseShared
	// Causes is how many there are, the zero one included.
	Causes
)

// The names of the causes.
const (
	CauseColdName     = "cold start"
	CauseRefreshName  = "refresh"
	CauseExpiredName  = "expired"
	CauseRejectedName = "rejected"
	CauseManualName   = "manual"
	CauseRetryName    = "retry"
	CauseSharedName   = "shared"
)

var causeNames = [Causes]string{
	CauseCold:     CauseColdName,
	CauseRefresh:  CauseRefreshName,
	CauseExpired:  CauseExpiredName,
	CauseRejected: CauseRejectedName,
	CauseManual:   CauseManualName,
	CauseRetry:    CauseRetryName,
	CauseShared:   CauseSharedName,
}

// String returns the cause in words.
func (c Cause) String() string { return name(causeNames[:], int(c)) }

// Class is a fetch's outcome.
type Class uint8

// The classes.
const (
	ClassOK Class = iota + 1
	ClassExpiredOnArrival
	ClassTransient
	ClassPermanent
	// ClassStale: a token came from elsewhere meanwhile, so the result was dropped.
	ClassStale
	// Classes is how many there are, the zero one included.
	Classes
)

// The names of the classes.
const (
	ClassOKName               = "ok"
	ClassExpiredOnArrivalName = "expired on arrival"
	ClassTransientName        = "transient"
	ClassPermanentName        = "permanent"
	ClassStaleName            = "stale"
)

var classNames = [Classes]string{
	ClassOK:               ClassOKName,
	ClassExpiredOnArrival: ClassExpiredOnArrivalName,
	ClassTransient:        ClassTransientName,
	ClassPermanent:        ClassPermanentName,
	ClassStale:            ClassStaleName,
}

// String returns the class in words.
func (c Class) String() string { return name(classNames[:], int(c)) }

// name is that of a number, and empty for one that has none.
func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return ""
}

// Event is something that happened in a step. Fields that do not belong to its kind are zero.
type Event struct {
	Kind EventKind
	// Cause, Attempt and Flight, of events about a fetch, are that fetch's. A token from elsewhere is published with
	// CauseShared.
	Cause   Cause
	Attempt int
	Flight  uint64
	// Class and Duration are how a fetch ended, and after what time.
	Class    Class
	Duration time.Duration
	// Token is the token that the event is about, Origin the origin that rejected it.
	Token, Origin uint64
	// Until is when the state that was entered ends, on the wall clock; zero if that is not bound to a time.
	Until time.Time
}

// maxEvents is more than one step can produce: a loss, an abandonment with its backoff, the input's own three, a
// launch. A step that puts up guards leaves room for the events that may follow.
const (
	maxEvents      = 10
	maxEventsAfter = 4
)

func (e *Effects) event(ev Event) {
	if e.N == maxEvents {
		panic("bug: a step has more events than maxEvents")
	}
	e.Events[e.N] = ev
	e.N++
}
