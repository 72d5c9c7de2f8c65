package explore

import "github.com/alf-go/alf/internal/core"

// What the core says, in words.
var (
	eventNames = [...]string{
		core.FetchStarted: "fetch starts", core.FetchEnded: "fetch ends", core.FetchAbandoned: "fetch abandoned",
		core.LateResult: "late result dropped", core.Published: "token published", core.Withdrawn: "token withdrawn",
		core.Rejected: "rejection accepted", core.RejectionSuppressed: "rejection suppressed", core.BackedOff: "backs off",
		core.WentIdle: "goes dormant", core.WasClosed: "closed",
	}
	causeNames = [...]string{
		core.CauseCold: "cold start", core.CauseRefresh: "due", core.CauseExpired: "expired", core.CauseRejected: "rejected", core.CauseManual: "by hand",
		core.CauseRetry: "retry",
	}
	classNames = [...]string{
		core.ClassOK: "ok", core.ClassExpiredOnArrival: "dead on arrival", core.ClassTransient: "transient", core.ClassPermanent: "permanent",
	}
	replyNames = [...]string{
		core.Serve: "the token", core.ServeExpired: "the dead token", core.Wait: "wait", core.Failed: "the failure",
		core.Done: "done", core.Suppressed: "suppressed", core.Shut: "closed",
	}
)
