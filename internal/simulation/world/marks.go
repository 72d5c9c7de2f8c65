package world

// Mark is something rare that a run of many worlds must have seen, or it proves less than it seems to.
type CoveragePoint uint8

// The marks.
const (
	MarkLate401DuringFetch CoveragePoint = iota
	MarkRejectionJoinsFetch
	MarkAnswerAfterClose
	MarkCloseWithWaiters
	MarkCloseTwice
	MarkCallerGivesUp
	MarkACrowdIsReleased
	MarkReaderWakesDormant
	MarkDormant
	MarkDeadOnArrival
	MarkWaitsForTheGate
	MarkSameValue
	MarkLifetimeClamped
	MarkAbandoned
	MarkThreeAbandoned
	MarkBlocked
	MarkLateResult
	MarkLateResultBesideToken
	MarkWithdrawnByTimerAlone
	MarkWithdrawnByClockAlone
	MarkLossLiftsBackoff
	MarkRefreshBecomesRound
	MarkByHandLiftsBackoff
	MarkStepBackInBackoff
	MarkRetryAfterCapped
	MarkSuppressedByGuard
	MarkSuppressedByTheSecond
	MarkSuppressedByBackoff
	MarkSuppressedByAbandoned
	MarkSleptThroughTheEnd
	marks
)

var markNames = [marks]string{
	MarkLate401DuringFetch:    "a late 401 during a fetch",
	MarkRejectionJoinsFetch:   "a rejection joins the fetch in flight",
	MarkAnswerAfterClose:      "an answer after Close",
	MarkCloseWithWaiters:      "Close with callers waiting",
	MarkCloseTwice:            "Close twice",
	MarkCallerGivesUp:         "a caller gives up",
	MarkACrowdIsReleased:      "more than a thousand callers released at once",
	MarkReaderWakesDormant:    "a reader wakes the dormant manager",
	MarkDormant:               "the manager goes dormant",
	MarkDeadOnArrival:         "a token dead on arrival",
	MarkWaitsForTheGate:       "a caller waits for the second after a dead token",
	MarkSameValue:             "the same value again",
	MarkLifetimeClamped:       "an absurd lifetime clamped",
	MarkAbandoned:             "a fetch abandoned",
	MarkThreeAbandoned:        "three fetches abandoned",
	MarkBlocked:               "callers refused because of abandoned fetches",
	MarkLateResult:            "a late result",
	MarkLateResultBesideToken: "a late result beside a published token",
	MarkWithdrawnByTimerAlone: "a token withdrawn by its timer though the clock says otherwise",
	MarkWithdrawnByClockAlone: "a token withdrawn by the clock before its timer",
	MarkLossLiftsBackoff:      "losing the token lifts a backoff",
	MarkRefreshBecomesRound:   "a refresh in flight becomes the round",
	MarkByHandLiftsBackoff:    "a refresh by hand lifts a backoff",
	MarkStepBackInBackoff:     "the clock is stepped back during a backoff",
	MarkRetryAfterCapped:      "a Retry-After beyond ten minutes",
	MarkSuppressedByGuard:     "a rejection suppressed by the guard",
	MarkSuppressedByTheSecond: "a rejection suppressed within the second",
	MarkSuppressedByBackoff:   "a rejection suppressed in a backoff",
	MarkSuppressedByAbandoned: "a rejection suppressed because of abandoned fetches",
	MarkSleptThroughTheEnd:    "the machine sleeps through a token's end",
}

// String describes the mark.
func (m CoveragePoint) String() string { return markNames[m] }

// Marks counts how often each mark was reached.
type Coverage [marks]int

// Add adds other's counts.
func (m *Coverage) Add(other *Coverage) {
	for i := range m {
		m[i] += other[i]
	}
}

// Missing lists the marks that were never reached.
func (m *Coverage) Missing() []CoveragePoint {
	var missing []CoveragePoint
	for i, n := range m {
		if n == 0 {
			missing = append(missing, CoveragePoint(i))
		}
	}
	return missing
}
