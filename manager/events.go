package manager

import (
	"log/slog"
	"time"
)

// EventKind says what an [Event] is about.
type EventKind string

// What can happen to a manager.
const (
	// FetchStarted: an attempt begins. Cause and Attempt say which.
	FetchStarted EventKind = "fetch started"
	// FetchEnded: an attempt ended. Duration, Class and, if it failed, Err say how.
	FetchEnded EventKind = "fetch ended"
	// FetchAbandoned: a fetch ignored its cancellation and is given up.
	FetchAbandoned EventKind = "fetch abandoned"
	// LateResult: an abandoned fetch returned; its result is dropped.
	LateResult EventKind = "late result dropped"
	// Published: a token is handed out from now until Until.
	Published EventKind = "token published"
	// Withdrawn: the token is no longer handed out, because it reached its usable end or was rejected.
	Withdrawn EventKind = "token withdrawn"
	// Rejected: an API refused the current token, and a fetch follows.
	Rejected EventKind = "token rejected"
	// Suppressed: an API refused the current token, and it stays, at least until Until.
	Suppressed EventKind = "rejection suppressed"
	// BackedOff: fetches failed, and the next one is made no sooner than Until.
	BackedOff EventKind = "backing off"
	// Dormant: nobody has read the token since it was published, so it is not refreshed.
	Idle EventKind = "dormant"
	// Closed: the manager was closed.
	Closed EventKind = "closed"
)

// Cause says why a fetch was made.
type Cause string

// The causes of a fetch.
const (
	// CauseCold: somebody asked for a token, and there had never been one.
	CauseCold Cause = "cold start"
	// CauseRefresh: the token in use was due for renewal.
	CauseRefresh Cause = "due"
	// CauseExpired: somebody asked for a token after the last one had reached its usable end.
	CauseExpired Cause = "expired"
	// CauseRejected: an API refused the token.
	CauseRejected Cause = "rejected"
	// CauseManual: [Manager.Refresh] was called.
	CauseManual Cause = "manual"
	// CauseRetry: the fetch before it failed.
	CauseRetry Cause = "retry"
)

// Class is the outcome of a fetch in a word.
type Class string

// The outcomes of a fetch.
const (
	// ClassOK: it brought a token.
	ClassOK Class = "ok"
	// ClassExpiredOnArrival: it brought a token that had already reached its usable end.
	ClassExpiredOnArrival Class = "dead on arrival"
	// ClassTransient: it failed, and may succeed when it is tried again.
	ClassTransient Class = "transient"
	// ClassPermanent: it failed, and will until somebody repairs something.
	ClassPermanent Class = "permanent"
)

// Event is one thing that happened. Fields that do not belong to its kind are zero. It holds no secret.
type Event struct {
	// Kind says what happened.
	Kind EventKind
	// Time is when it happened, by the manager's clock.
	Time time.Time
	// Token is the ID of the token it is about.
	Token uint64
	// Fetch numbers the fetches of a manager from 1; the start and the end of a fetch carry the same number.
	Fetch uint64
	// Cause says what a fetch was made for.
	Cause Cause
	// Attempt numbers the fetches of one round from 1.
	Attempt int
	// Duration is how long a fetch took.
	Duration time.Duration
	// Class is a fetch's outcome.
	Class Class
	// Err is what a failed fetch returned.
	Err error
	// Rejecter is who refused the token.
	Origin string
	// Due is when the successor of a published token is fetched if it is in use, on the wall clock.
	RefreshTime time.Time
	// Until is how long the state that was entered lasts at least, on the wall clock.
	Until time.Time
}

// LogValue lists the fields that are set.
func (e Event) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

func (e Event) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 9)
	if e.Token != 0 {
		attrs = append(attrs, slog.Uint64("token", e.Token))
	}
	if e.Fetch != 0 {
		attrs = append(attrs, slog.Uint64("fetch", e.Fetch))
	}
	if e.Cause != "" {
		attrs = append(attrs, slog.String("cause", string(e.Cause)))
	}
	if e.Attempt != 0 {
		attrs = append(attrs, slog.Int("attempt", e.Attempt))
	}
	if e.Duration != 0 {
		attrs = append(attrs, slog.Duration("duration", e.Duration))
	}
	if e.Class != "" {
		attrs = append(attrs, slog.String("class", string(e.Class)))
	}
	if e.Origin != "" {
		attrs = append(attrs, slog.String("rejecter", e.Origin))
	}
	if !e.RefreshTime.IsZero() {
		attrs = append(attrs, slog.Time("due", e.RefreshTime))
	}
	if !e.Until.IsZero() {
		attrs = append(attrs, slog.Time("until", e.Until))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	return attrs
}

func (e Event) level() slog.Level {
	switch e.Kind {
	case BackedOff, FetchAbandoned, Suppressed:
		return slog.LevelWarn
	case FetchEnded:
		if e.Err != nil {
			return slog.LevelWarn
		}
		return slog.LevelInfo
	case Published, Rejected:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
