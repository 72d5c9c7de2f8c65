package endpoint

import "time"

// EventKind says what an [Event] is about.
type EventKind uint8

// The kinds of events.
const (
	// Suspected: the endpoint became suspect (E2).
	Suspected EventKind = iota + 1
	// Probed: a fetch started whose outcome decides whether the endpoint still is suspect.
	Probed
	// ProbeFailed: it met trouble again.
	ProbeFailed
	// Recovered: the endpoint works again, or what made it suspect may be one client id's own trouble.
	Recovered
	// ClientHeld: a client id is on hold because the endpoint asked for a pause.
	ClientHeld
	// EventKinds is how many there are, the zero one included.
	EventKinds
)

// The names of the kinds, as logs have them.
const (
	SuspectedName   = "endpoint suspect"
	ProbedName      = "endpoint probed"
	ProbeFailedName = "probe failed"
	RecoveredName   = "endpoint recovered"
	ClientHeldName  = "client id on hold"
)

var eventNames = [EventKinds]string{
	Suspected: SuspectedName, Probed: ProbedName, ProbeFailed: ProbeFailedName, Recovered: RecoveredName,
	ClientHeld: ClientHeldName,
}

// String returns the kind in words, as logs have it.
func (k EventKind) String() string {
	if k < EventKinds {
		return eventNames[k]
	}
	return ""
}

// Event is something that happened in a step. Fields that do not belong to its kind are zero.
type Event struct {
	Kind EventKind
	// Client is the client id on hold.
	Client uint64
	// Outcome and Status are what was met.
	Outcome Outcome
	Status  int
	// Until is when the state that was entered ends, on the wall clock.
	Until time.Time
}

// maxEvents is more than one step can produce: a hold, a suspicion or a recovery, a probe.
const maxEvents = 4

func (e *Effects) event(ev Event) {
	if e.N == maxEvents {
		panic("bug: a step has more events than maxEvents")
	}
	e.Events[e.N] = ev
	e.N++
}
