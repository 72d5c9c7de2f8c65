package manager

import "time"

// Stats is a manager's state and what it has counted since it was made. It holds no secret.
type Stats struct {
	// Ready says that a usable token is at hand, which no resource server contests.
	Ready bool
	// Closed says that the manager was closed.
	Closed bool
	// Token is the current token's ID; 0 if there is none.
	Token uint64
	// Age is how long ago the request that brought the token was started.
	Age time.Duration
	// EffectiveExpiry is when the token stops being handed out, RefreshTime when its successor is fetched if it is in
	// use, Expiry when it expires according to the endpoint. On the wall clock; zero without a token.
	EffectiveExpiry, RefreshTime, Expiry time.Time
	// Idle says that the token is not refreshed at its refresh time, because no caller has read it.
	Idle bool
	// Waiting is how many callers wait for a token, those that have given up meanwhile included.
	Waiting int
	// Watchers is how many loops over [Manager.Watch] are running.
	Watchers int
	// Fetching says that a fetch is in flight.
	Fetching bool
	// LastError is the last failed fetch's error, and nil again after a successful one.
	LastError error
	// NextAttempt is when the next fetch may start, on the wall clock, if the last one failed; zero if none failed.
	NextAttempt time.Time

	// Fetches is how many fetches were started.
	Fetches uint64
	// FetchesBy divides Fetches by cause.
	FetchesBy map[Cause]uint64
	// Succeeded, Failed and ExpiredOnArrival divide those that ended. Permanent is the part of Failed that was
	// permanent.
	Succeeded, Failed, Permanent, ExpiredOnArrival uint64
	// Abandoned is how many fetches were given up because they ignored their cancellation.
	Abandoned uint64
	// AbandonedNow is how many of those have not returned yet; with 3 of them no fetch is started.
	AbandonedNow int
	// Published, Rejected, Guarded, BackedOff, BackoffsLifted, WentIdle and LateResults count the events of those
	// kinds.
	Published, Rejected, Guarded, BackedOff, BackoffsLifted, WentIdle, LateResults uint64
	// Stale is how many fetches were superseded by another process's token.
	Stale uint64
	// Sharing is about the store; nil if the token is not shared.
	Sharing *SharingStats
	// Suppressed counts the suppressed rejections, of which there is only one event for each wait.
	Suppressed uint64
	// Waits is how long callers waited for the manager, by how the wait ended.
	Waits map[WaitOutcome]WaitStats
	// EventsDropped is how many events overflowed the queue in front of the hook and the logger.
	EventsDropped uint64
	// HookPanics is how often the hook or the logger's handler panicked.
	HookPanics uint64
}
