package manager

import (
	"log/slog"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// EventKind says what an [Event] is about.
type EventKind string

// What can happen to a manager. What can happen to an [Endpoint] is listed at [EndpointSuspect].
const (
	// FetchStarted: an attempt begins. Cause and Attempt say which.
	FetchStarted EventKind = core.FetchStartedName
	// FetchEnded: an attempt ended. Duration, Class and, if it failed, Err say how.
	FetchEnded EventKind = core.FetchEndedName
	// FetchAbandoned: a fetch ignored its cancellation and is given up.
	FetchAbandoned EventKind = core.FetchAbandonedName
	// LateResult: an abandoned fetch returned; its result is dropped.
	LateResult EventKind = core.LateResultName
	// Published: a token is handed out from now until Until.
	Published EventKind = core.PublishedName
	// Withdrawn: the token is no longer handed out to any caller: it has expired by its effective expiry, or its
	// manager, or its place in the pool, has ended.
	Withdrawn EventKind = core.WithdrawnName
	// Rejected: the resource server Origin rejected the current token, and a fetch follows. Until the successor
	// arrives, the token is withdrawn from that origin.
	Rejected EventKind = core.RejectedName
	// Suppressed: Origin rejected the current token, and it stays, at least until Until. Count rejections were
	// suppressed since the last such event, this one included: there is one event for each such wait, not one for each
	// request.
	Suppressed EventKind = core.RejectionSuppressedName
	// BackedOff: fetches failed, and the next one is made no sooner than Until.
	BackedOff EventKind = core.BackedOffName
	// Idle: no caller has read the token since it was published, so it is not refreshed.
	Idle EventKind = core.WentIdleName
	// Closed: the manager was closed.
	Closed EventKind = core.WasClosedName
	// Guarded: Origin rejects tokens for a reason that no other token changes, such as a missing permission. The
	// fetches that its rejections may cause are limited until a minute passes without a 401 from it. Remedy says what
	// to look at.
	Guarded EventKind = core.GuardedName
	// BackoffLifted: the client credentials were corrected during a backoff, which ends.
	BackoffLifted EventKind = core.BackoffLiftedName
	// OneActiveToken: tokens are rejected soon after they were fetched, again and again, and their successors accepted.
	// The authorization server seems to have one active token per client, and another process uses the same client.
	// Remedy says what to do. There is one such event an hour at most.
	OneActiveToken EventKind = core.OneActiveTokenName
	// StoreFailed: the store that the token is shared through did not work. Err says why. Until it works, this process
	// goes on as without a store.
	StoreFailed EventKind = "store failed"
	// TokenOffered: the store did not have the token of this process, and has it now.
	TokenOffered EventKind = "token offered"
	// FailureShared: a failed fetch of this process keeps the others that share the token from fetching, too, until
	// Until.
	FailureShared EventKind = "failure shared"
	// HookPanicked: the hook or the logger's handler panicked. Err says how. It reaches the logger alone.
	HookPanicked EventKind = "hook panicked"
)

// remedies say what to do about an event, where there is something to do.
var remedies = map[EventKind]string{
	Guarded: "the API rejects tokens that it should accept: compare its audience, issuer and required permissions with the token's, " +
		"and look for one instance behind a load balancer that differs from the others",
	OneActiveToken: "let all processes of this client share one token through a store, or register a client for each process",
}

// Cause says why a fetch was made.
type Cause string

// The causes of a fetch.
const (
	// CauseCold: a caller asked for a token, and there had never been one.
	CauseCold Cause = core.CauseColdName
	// CauseRefresh: the refresh time of the token in use passed.
	CauseRefresh Cause = core.CauseRefreshName
	// CauseExpired: a caller asked for a token after the last one had reached its effective expiry.
	CauseExpired Cause = core.CauseExpiredName
	// CauseRejected: a resource server rejected the token.
	CauseRejected Cause = core.CauseRejectedName
	// CauseManual: [Manager.Refresh] was called, or [Manager.TokenValidFor] wanted a token that lives longer.
	CauseManual Cause = core.CauseManualName
	// CauseRetry: the fetch before it failed.
	CauseRetry Cause = core.CauseRetryName
	// CauseShared: no fetch was made here, because the token comes from another process. Published events have it.
	CauseShared Cause = core.CauseSharedName
)

// Class is the outcome of a fetch in a word.
type Class string

// The outcomes of a fetch.
const (
	// ClassOK: it returned a token.
	ClassOK Class = core.ClassOKName
	// ClassExpiredOnArrival: it returned a token that had already reached its effective expiry.
	ClassExpiredOnArrival Class = core.ClassExpiredOnArrivalName
	// ClassTransient: it failed, and may succeed when it is tried again.
	ClassTransient Class = core.ClassTransientName
	// ClassPermanent: it failed, and will until an operator repairs something.
	ClassPermanent Class = core.ClassPermanentName
	// ClassStale: another process's token arrived meanwhile, so whatever it returned was dropped.
	ClassStale Class = core.ClassStaleName
)

// Event is one thing that happened. Fields that do not belong to its kind are zero. It holds no secret.
type Event struct {
	// Kind says what happened.
	Kind EventKind
	// Time is when it happened, by the manager's clock.
	Time time.Time
	// Target says which token of a [Pool] it is about: what the String method of its fetcher returns, if it has one.
	Target string
	// Endpoint says which [Endpoint] it is about, if it is about one: its Name.
	Endpoint string
	// ClientID is the client id that is on hold.
	ClientID string
	// Token is the ID of the token it is about. In a pool, each target's tokens are numbered from 1.
	Token uint64
	// Fetch numbers the fetches of a manager from 1; the start and the end of a fetch carry the same number.
	Fetch uint64
	// Cause says what a fetch was made for.
	Cause Cause
	// Attempt numbers the fetches of one round from 1.
	Attempt int
	// Duration is how long a fetch took.
	Duration time.Duration
	// Class is a fetch's outcome, or what an endpoint was met with.
	Class Class
	// Status is the HTTP status that an endpoint was met with; 0 if there was no response.
	Status int
	// Err is what a failed fetch returned, or why the store failed.
	Err error
	// Origin is that of the resource server which rejected the token.
	Origin string
	// Count is how many rejections were suppressed.
	Count uint64
	// RefreshTime is when the successor of a published token is fetched if it is in use, on the wall clock.
	RefreshTime time.Time
	// Until is the earliest time at which the state that the event reports ends, on the wall clock: see the kinds.
	// Zero: no time is known.
	Until time.Time
	// Remedy says what to do about it.
	Remedy string
}

// LogValue lists the fields that are set.
func (e Event) LogValue() slog.Value { return slog.GroupValue(e.attrs()...) }

func (e Event) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 9)
	if e.Target != "" {
		attrs = append(attrs, slog.String("target", e.Target))
	}
	if e.Endpoint != "" {
		attrs = append(attrs, slog.String("endpoint", e.Endpoint))
	}
	if e.ClientID != "" {
		attrs = append(attrs, slog.String("client_id", e.ClientID))
	}
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
	if e.Status != 0 {
		attrs = append(attrs, slog.Int("status", e.Status))
	}
	if e.Origin != "" {
		attrs = append(attrs, slog.String("origin", e.Origin))
	}
	if e.Count != 0 {
		attrs = append(attrs, slog.Uint64("count", e.Count))
	}
	if !e.RefreshTime.IsZero() {
		attrs = append(attrs, slog.Time("refresh_time", e.RefreshTime))
	}
	if !e.Until.IsZero() {
		attrs = append(attrs, slog.Time("until", e.Until))
	}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	if e.Remedy != "" {
		attrs = append(attrs, slog.String("remedy", e.Remedy))
	}
	return attrs
}

func (e Event) level() slog.Level {
	switch e.Kind {
	case HookPanicked:
		return slog.LevelError
	case BackedOff, FetchAbandoned, Suppressed, Guarded, OneActiveToken, EndpointSuspect, ProbeFailed, ClientHeld,
		StoreFailed, FailureShared:
		return slog.LevelWarn
	case FetchEnded:
		if e.Err != nil {
			return slog.LevelWarn
		}
		return slog.LevelInfo
	case Published, Rejected, BackoffLifted, TokenOffered, EndpointRecovered:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
