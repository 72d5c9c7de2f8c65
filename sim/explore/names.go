package explore

import "github.com/alf-go/alf/internal/core"

// What the core says, in words.
var (
	eventNames = [...]string{
		core.FetchStarted: "fetch starts", core.FetchEnded: "fetch ends", core.FetchAbandoned: "fetch abandoned",
		core.LateResult: "late result dropped", core.Published: "token published", core.Withdrawn: "token withdrawn",
		core.Rejected: "rejection accepted", core.RejectionSuppressed: "rejection suppressed", core.BackedOff: "backs off",
		core.WentDormant: "goes dormant", core.WasClosed: "closed",
	}
	causeNames = [...]string{
		core.Cold: "cold start", core.Due: "due", core.Expired: "expired", core.Rejection: "rejected", core.Manual: "by hand",
		core.Retry: "retry",
	}
	classNames = [...]string{
		core.ClassOK: "ok", core.ClassDead: "dead on arrival", core.ClassTransient: "transient", core.ClassPermanent: "permanent",
	}
	replyNames = [...]string{
		core.Serve: "the token", core.ServeDead: "the dead token", core.Wait: "wait", core.Failed: "the failure",
		core.Done: "done", core.Suppressed: "suppressed", core.Shut: "closed",
	}
)
