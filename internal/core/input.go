package core

import "time"

// InputKind says what an [Input] is about.
type InputKind uint8

// The kinds of input.
const (
	// Get: a caller found no token that it may use in the published snapshot.
	Get InputKind = iota + 1
	// Invalidate: an origin rejected a token (M12, M13, M21).
	Invalidate
	// Refresh: a caller wants a fetch now (M20).
	Refresh
	// Fetched: a fetch ended.
	Fetched
	// Wake: the timer of [Effects].Wake fired. It may be early or late.
	Wake
	// Expire: the timer that was set at a publication fired (M2).
	Expire
	// RefreshHint: a reader found the refresh time passed (M16).
	RefreshHint
	// Close: nothing starts any more, and callers get Shut (M14).
	Close
	// ReportOutcome: an origin accepted or rejected a token (M13). It gets no reply.
	ReportOutcome
	// CredentialsChecked: the check that [Effects].CheckCredentials asked for is done (F4). It gets no reply.
	CredentialsChecked
	// Admitted: the endpoint admits the fetch that [Effects].Enqueue asked it to (E1). It gets no reply.
	Admitted
	// Refuse: the endpoint refuses to let the callers of that fetch wait (E2). It gets no reply.
	Refuse
	// Watch: a watcher joins, and needs a first token or the error that there is none (W1). It never waits for a reply.
	Watch
	// Offered: a token comes from elsewhere, which is newer than the one that is published or was last (D). It gets no
	// reply.
	Offered
)

// Input is one message to the core. Fields that do not belong to its kind are zero.
type Input struct {
	Kind InputKind

	// Read, of every kind, says that a caller has read the current token since it was published (M16).
	Read bool
	// Watched, of every kind, says that the token has watchers, the one that joins included (W2).
	Watched bool

	// Origin, of Get, Invalidate and ReportOutcome, is the origin of the resource server. Zero: the caller named none.
	Origin uint64
	// Path, of Get, Invalidate and ReportOutcome, is the path of the request. Zero: the caller named none.
	Path uint64
	// Current, of Invalidate and ReportOutcome, says that the token in question has the value of the published one.
	Current bool

	// MinLife, of Get, is for how long the token must remain usable (M20).
	MinLife time.Duration

	// Wait, of Invalidate and Refresh, says that the sender waits for a successor.
	Wait bool

	// Retry, of ReportOutcome, says that the request was sent for the second time, after a 401.
	Retry bool
	// Accepted, of ReportOutcome, is false if the response rejected the token.
	Accepted bool
	// Age, of ReportOutcome, is how long ago the request was sent. An acceptance is evidence only about what was known
	// by then (M13).
	Age time.Duration

	// Flight, of Fetched, is the number of the fetch that ended; of Admitted and Refuse, that of the one that waits.
	Flight uint64
	// For, of Refuse, is for how long. Zero: no longer.
	For time.Duration
	// Suppress, of Refuse, says that the rejection which the fetch is to serve leads to none, because the origin
	// rejects whatever is fetched for it, as other processes have found (D5).
	Suppress bool
	// Result, of Fetched, is how it ended; of Offered, the token, whose RefreshIn counts from Start.
	Result Result
	// Start, of Offered, is when the request that brought the token was started, on the wall clock.
	Start time.Time
	// Rejected, of Offered, says that the value was rejected here before.
	Rejected bool

	// At, of Wake, is the time that the timer was set for.
	At Elapsed

	// Publication, of Expire, is the publication that the timer was set for.
	Publication uint64

	// Changed, of CredentialsChecked, says that the client credentials are other ones than those that were refused.
	Changed bool
}

// Result is how a fetch ended.
type Result struct {
	// OK says that the fetch returned a token.
	OK bool

	// Expiry, of a success, is when the token expires, on the wall clock. Zero: the endpoint did not say (M7).
	Expiry time.Time
	// Same, of a token, says that the value is that of the last one (M5).
	Same bool
	// RefreshIn, of a success, is the endpoint's advice on when to refresh, from the start of the fetch. Zero: none
	// (M4).
	RefreshIn time.Duration

	// Permanent, of a failure, says that another attempt would fail in the same way (M10).
	Permanent bool
	// EndsRound, of a failure, says that the endpoint asks for a pause: a 429 or a Retry-After (M9).
	EndsRound bool
	// RetryAfter, of a failure, is how long a pause the endpoint asks for. Zero: it did not say.
	RetryAfter time.Duration
	// Recheckable, of a failure, says that the credentials may be at fault and that reading them again costs nothing
	// (F4).
	Recheckable bool
}
