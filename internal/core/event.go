package core

import "time"

// EventKind says what an [Event] is about. The manager's events are of these kinds; this is the one place that names them.
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
	// Guarded: an origin rejected tokens that were not to blame, and the fetches it may cause are limited from now on (M13).
	Guarded
	// BackoffLifted: the credentials were corrected during a backoff (F4).
	BackoffLifted
	// OneActiveToken: the endpoint seems to have one active token per client (M13). It is no event of a step; see
	// [Displacements].
	OneActiveToken
	// EventKinds is how many kinds there are, the zero one included.
	EventKinds
)

var kindNames = [EventKinds]string{
	FetchStarted:        "fetch started",
	FetchEnded:          "fetch ended",
	FetchAbandoned:      "fetch abandoned",
	LateResult:          "late result dropped",
	Published:           "token published",
	Withdrawn:           "token withdrawn",
	Rejected:            "token rejected",
	RejectionSuppressed: "rejection suppressed",
	BackedOff:           "backing off",
	WentIdle:            "idle",
	WasClosed:           "closed",
	Guarded:             "origin guarded",
	BackoffLifted:       "backoff lifted",
	OneActiveToken:      "one active token per client",
}

// String returns the kind in words, as logs have it.
func (k EventKind) String() string { return name(kindNames[:], int(k)) }

// MarshalText returns String.
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

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
	// Causes is how many there are, the zero one included.
	Causes
)

var causeNames = [Causes]string{
	CauseCold:     "cold start",
	CauseRefresh:  "refresh",
	CauseExpired:  "expired",
	CauseRejected: "rejected",
	CauseManual:   "manual",
	CauseRetry:    "retry",
}

// String returns the cause in words.
func (c Cause) String() string { return name(causeNames[:], int(c)) }

// MarshalText returns String.
func (c Cause) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Class is a fetch's outcome.
type Class uint8

// The classes.
const (
	ClassOK Class = iota + 1
	ClassExpiredOnArrival
	ClassTransient
	ClassPermanent
	// Classes is how many there are, the zero one included.
	Classes
)

var classNames = [Classes]string{
	ClassOK:               "ok",
	ClassExpiredOnArrival: "expired on arrival",
	ClassTransient:        "transient",
	ClassPermanent:        "permanent",
}

// String returns the class in words.
func (c Class) String() string { return name(classNames[:], int(c)) }

// MarshalText returns String.
func (c Class) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

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
	// Cause, Attempt and Flight, of events about a fetch, are that fetch's.
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

// maxEvents is more than one step can produce: a loss, an abandonment with its backoff, the input's own three, a launch.
// A step that puts up guards leaves room for the events that may follow.
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
