package world

// Mark is something rare that a run of many worlds must have seen, or it proves less than it seems to.
type CoveragePoint uint8

// The marks.
const (
	CoverLate401DuringFetch CoveragePoint = iota
	CoverRejectionJoinsFetch
	CoverResponseAfterClose
	CoverCloseWithWaiters
	CoverCloseTwice
	CoverCallerGivesUp
	CoverACrowdIsReleased
	CoverReaderWakesIdle
	CoverIdle
	CoverExpiredOnArrival
	CoverWaitsForTheSecond
	CoverSameValue
	CoverLifetimeClamped
	CoverAbandoned
	CoverThreeAbandoned
	CoverBlocked
	CoverLateResult
	CoverLateResultBesideToken
	CoverWithdrawnByTimerAlone
	CoverWithdrawnByClockAlone
	CoverLossLiftsBackoff
	CoverRefreshBecomesRound
	CoverManualLiftsBackoff
	CoverStepBackInBackoff
	CoverRetryAfterCapped
	CoverSuppressedByGuard
	CoverGuard
	CoverGuardedRejection
	CoverTwoOriginsContest
	CoverContestedValueComesAgain
	CoverContestingCallerFails
	CoverUnnamedCallerWaits
	CoverSuppressedBeyond64
	CoverCredentialsLiftBackoff
	CoverOneActiveToken
	CoverSuppressedByBackoff
	CoverSuppressedByAbandoned
	CoverSleptThroughTheExpiry
	CoverWatcherWithoutToken
	CoverSlowWatcher
	CoverWatcherError
	CoverWatchersLearnOfOutage
	CoverUnattendedFetch
	CoverLongerLife
	CoverTooShort
	CoverOffer
	CoverOfferReleases
	CoverRejectedOffer
	CoverStaleFetch
	coveragePoints
)

var coverageNames = [coveragePoints]string{
	CoverLate401DuringFetch:       "a late 401 during a fetch",
	CoverRejectionJoinsFetch:      "a rejection joins the fetch in flight",
	CoverResponseAfterClose:       "a result after Close",
	CoverCloseWithWaiters:         "Close with callers waiting",
	CoverCloseTwice:               "Close twice",
	CoverCallerGivesUp:            "a caller gives up",
	CoverACrowdIsReleased:         "more than a thousand callers released at once",
	CoverReaderWakesIdle:          "a reader wakes the idle manager",
	CoverIdle:                     "the manager becomes idle",
	CoverExpiredOnArrival:         "a token expired on arrival",
	CoverWaitsForTheSecond:        "a caller waits for the second after an expired token",
	CoverSameValue:                "the same value again",
	CoverLifetimeClamped:          "an absurd lifetime clamped",
	CoverAbandoned:                "a fetch abandoned",
	CoverThreeAbandoned:           "three fetches abandoned",
	CoverBlocked:                  "callers refused because of abandoned fetches",
	CoverLateResult:               "a late result",
	CoverLateResultBesideToken:    "a late result beside a published token",
	CoverWithdrawnByTimerAlone:    "a token withdrawn by its timer though the clock says otherwise",
	CoverWithdrawnByClockAlone:    "a token withdrawn by the clock before its timer",
	CoverLossLiftsBackoff:         "losing the token lifts a backoff",
	CoverRefreshBecomesRound:      "a refresh in flight becomes the round",
	CoverManualLiftsBackoff:       "a refresh by hand lifts a backoff",
	CoverStepBackInBackoff:        "the clock is stepped back during a backoff",
	CoverRetryAfterCapped:         "a Retry-After beyond ten minutes",
	CoverSuppressedByGuard:        "a rejection suppressed by the guard",
	CoverGuard:                    "a guard goes up",
	CoverGuardedRejection:         "a rejection is acted on behind the guard",
	CoverTwoOriginsContest:        "two origins contest the token",
	CoverContestedValueComesAgain: "the contested value comes again",
	CoverContestingCallerFails:    "a caller of a contesting origin fails in the backoff",
	CoverUnnamedCallerWaits:       "a caller without an origin waits for the first round of a contest",
	CoverSuppressedBeyond64:       "the 65th origin's rejection is suppressed",
	CoverCredentialsLiftBackoff:   "corrected credentials lift a backoff",
	CoverOneActiveToken:           "a server with one active token per client is recognised",
	CoverSuppressedByBackoff:      "a rejection suppressed in a backoff",
	CoverSuppressedByAbandoned:    "a rejection suppressed because of abandoned fetches",
	CoverSleptThroughTheExpiry:    "the machine sleeps through a token's end",
	CoverWatcherWithoutToken:      "a watcher joins when there is no token",
	CoverSlowWatcher:              "a slow watcher misses a token",
	CoverWatcherError:             "a watcher is given an error",
	CoverWatchersLearnOfOutage:    "watchers learn of an outage",
	CoverUnattendedFetch:          "a fetch for watchers alone",
	CoverLongerLife:               "a caller gets a token that remains valid for as long as it wants",
	CoverTooShort:                 "a caller wants a longer life than tokens have",
	CoverOffer:                    "a token from elsewhere is adopted",
	CoverOfferReleases:            "callers that wait are served a token from elsewhere",
	CoverRejectedOffer:            "a token from elsewhere was rejected here",
	CoverStaleFetch:               "a token comes from elsewhere during a fetch",
}

// String describes the mark.
func (m CoveragePoint) String() string { return coverageNames[m] }

// Marks counts how often each mark was reached.
type Coverage [coveragePoints]int

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
