package explore

import "github.com/alf-go/alf/internal/core"

// What the core says, in words.
var (
	eventNames = [...]string{
		core.FetchStarted: "fetch starts", core.FetchEnded: "fetch ends", core.FetchAbandoned: "fetch abandoned",
		core.LateResult: "late result dropped", core.Published: "token published", core.Withdrawn: "token withdrawn",
		core.Rejected: "rejection accepted", core.RejectionSuppressed: "rejection suppressed", core.BackedOff: "backs off",
		core.WentIdle: "becomes idle", core.WasClosed: "closed", core.Guarded: "guard goes up", core.BackoffLifted: "corrected credentials lift the backoff",
	}
	causeNames = [...]string{
		core.CauseCold: "cold start", core.CauseRefresh: "refresh", core.CauseExpired: "expired", core.CauseRejected: "rejected", core.CauseManual: "manual",
		core.CauseRetry: "retry", core.CauseShared: "shared",
	}
	classNames = [...]string{
		core.ClassOK: "ok", core.ClassExpiredOnArrival: "expired on arrival", core.ClassTransient: "transient", core.ClassPermanent: "permanent",
		core.ClassStale: "stale",
	}
	replyNames = [...]string{
		core.Serve: "the token", core.ServeExpired: "the expired token", core.Wait: "wait", core.Failed: "the failure",
		core.WaitOrServe: "wait, or the token", core.TooShort: "too short", core.Done: "done", core.Suppressed: "suppressed", core.Shut: "closed",
	}
)
