package world

import (
	"slices"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// originRecord is what the checker knows of an origin from its responses (M13).
type originRecord struct {
	heard   core.Elapsed // its last 401, or when its guard went up
	known   bool         // it has responded with a 401 within the minute before that one
	doubted bool         // a retry of it was rejected, or the rejected value came again: a guard may be up
	guarded bool         // its guard went up
	pending bool         // a rejection of it was acted on, and no accepted retry has been reported since
	// fetches counts those that it caused since it accepted a token, or was quiet, and since is when that was.
	fetches int
	since   core.Elapsed
	caused  bool // it is among those for which the next fetch is made
}

// unaccountable reports whether a guard may be up: callers that do not report outcomes count as rejected.
func (r *originRecord) unaccountable() bool { return r.doubted || r.pending || r.guarded }

// goesUp notes that the origin's guard went up, which a quiet minute from now on removes.
func (r *originRecord) goesUp(now core.Elapsed) { r.guarded, r.known, r.heard = true, true, now }

// contests is the checker's record of who rejected what (M13, M21).
type contests struct {
	origins []originRecord // by the origin's number
	// contesting are the origins that rejected the published value, with a rejection that was acted on without a guard.
	contesting []uint64
	failed     bool // the first round of the contest is over without a token
	// again says that the contested value comes with this step. The callers that waited for the fetch get what it
	// brought, as of a token that has expired on arrival, and no later caller of these origins does.
	again bool
}

// ofAll reports whether the first round of a contest is on in which a rejection names no origin, and so may concern
// any.
func (k *contests) ofAll() bool { return !k.failed && slices.Contains(k.contesting, 0) }

// silentGuards is how many events a step has at least if a guard goes up without one.
const silentGuards = 6

// guardMemory is how long an origin has to be quiet to be trusted again.
const guardMemory = time.Minute

// mostGuarded is how many fetches a guarded origin may cause at once. A few more happen before the guard is up: what
// was rejected counts only when it is certain that the token was not to blame.
const mostGuarded = 8 + 4

func (c *checker) origin(number uint64) *originRecord {
	for uint64(len(c.contests.origins)) <= number {
		c.contests.origins = append(c.contests.origins, originRecord{})
	}
	return &c.contests.origins[number]
}

// quiet reports whether an origin has gone for a minute without a 401, so that it is forgotten.
func (c *checker) quiet(r *originRecord) bool { return !r.known || c.elapsed-r.heard > guardMemory }

// hears notes a 401 of an origin.
func (c *checker) hears(number uint64) *originRecord {
	r := c.origin(number)
	if c.quiet(r) {
		*r = originRecord{known: true, caused: r.caused, pending: r.pending && r.caused, since: c.elapsed}
	}
	r.heard = c.elapsed
	return r
}

// hearsOutcome notes what a caller reports (M13).
func (c *checker) hearsOutcome(in core.Input) {
	if !in.Accepted {
		c.hears(in.Origin).doubted = true
		return
	}
	r := c.origin(in.Origin)
	r.fetches, r.since = 0, c.elapsed
}

// settlesOutcome notes an accepted retry, after what it may have proven about an earlier one.
func (c *checker) settlesOutcome(in core.Input) {
	if in.Kind == core.ReportOutcome && in.Accepted && in.Retry && in.Current {
		c.origin(in.Origin).pending = false
	}
}

// rejects is a rejection that is acted on (M12, M21).
func (c *checker) rejects(in core.Input) {
	c.broken(in.Kind != core.Invalidate || !in.Current, "M12", "a rejection that does not name the current token is acted on")
	c.broken(c.failures.on && c.failures.kind != "M8" && !c.running && !c.round && c.elapsed < c.failures.from-slack, "M21",
		"a rejection is acted on in a backoff")
	if c.failures.kind == "M8" {
		c.failures.on = false
	}
	r := c.origin(in.Origin)
	guarded := !slices.Contains(c.p.core.Contesting(), in.Origin)
	c.broken(guarded && !r.unaccountable(), "M21", "origin %d rejects a token and may go on using it", in.Origin)
	r.pending, r.caused = true, !c.running && !c.round
	if guarded {
		c.p.w.cover(CoverGuardedRejection)
		return
	}
	if !slices.Contains(c.contests.contesting, in.Origin) {
		c.contests.contesting = append(c.contests.contesting, in.Origin)
	}
	c.p.w.coverIf(len(c.contests.contesting) == 2, CoverTwoOriginsContest)
	c.broken(len(c.contests.contesting) > 64, "M21", "%d origins contest the token", len(c.contests.contesting))
}

// guards is a guard that goes up (M13).
func (c *checker) guards(ev core.Event) {
	r := c.origin(ev.Origin)
	// With more origins than are remembered, what the core knows of one may be older or newer than what is recorded
	// here.
	c.broken(!r.unaccountable() && !c.p.w.drawn.ManyAPIs, "M13", "origin %d is guarded, which has accepted every retry", ev.Origin)
	r.goesUp(c.elapsed)
	c.p.w.guard()
	if i := slices.Index(c.contests.contesting, ev.Origin); i >= 0 {
		c.contests.contesting = slices.Delete(c.contests.contesting, i, i+1) // the guard takes the place of the contest
	}
	c.p.w.cover(CoverGuard)
}

// causes attributes a fetch that brought something to the origins whose rejections it serves, and holds them against
// their allowance (M13).
func (c *checker) causes() {
	for i := range c.contests.origins {
		r := &c.contests.origins[i]
		if !r.caused {
			continue
		}
		r.caused = false
		r.fetches++
		most := mostGuarded + int((c.elapsed-r.since)/time.Minute)
		c.broken(r.fetches > most, "M13", "%d fetches for origin %d within %v, which has accepted none of them", r.fetches, i, c.elapsed-r.since)
	}
}

// endsContest is a publication: a new value ends the contest, and the contested one never does (M21).
func (c *checker) endsContest(same bool) {
	c.contests.again = same
	if !same {
		c.contests.contesting, c.contests.failed = c.contests.contesting[:0], false
		return
	}
	for _, origin := range c.contests.contesting {
		if r := c.origin(origin); !c.quiet(r) {
			r.doubted = true
		}
	}
	c.contests.failed = len(c.contests.contesting) > 0 // its first round is over
	c.p.w.coverIf(len(c.contests.contesting) > 0, CoverContestedValueComesAgain)
}

// checkContests holds the set of contesting origins against the checker's own (M21).
func (c *checker) checkContests(in core.Input, e *core.Effects) {
	k := &c.contests
	if (e.Release == core.Failed || e.Release == core.ServeExpired) && len(k.contesting) > 0 {
		k.failed = true
	}
	defer func() { k.failed = k.failed && len(k.contesting) > 0 }()
	k.contesting = slices.DeleteFunc(k.contesting, func(origin uint64) bool {
		if slices.Contains(c.p.core.Contesting(), origin) {
			return false
		}
		// The guard that went up in this step takes the place of the contest. It has no event where too many went up.
		r := c.origin(origin)
		c.broken(e.N < silentGuards, "M21", "the contest of origin %d ends without a newer token or a guard", origin)
		c.broken(!e.Contested && !c.p.w.drawn.ManyAPIs || !r.unaccountable(), "M21", "origin %d rejected the token and may use it again", origin)
		r.goesUp(c.elapsed)
		return true
	})
	if in.Kind == core.Invalidate && e.Reply == core.Wait && slices.Contains(k.contesting, in.Origin) {
		c.origin(in.Origin).pending = true // it waits as a caller does that only asks
	}
	switch in.Kind {
	case core.Get, core.Invalidate, core.ReportOutcome:
		c.broken(in.Origin != 0 && c.tokenOn && c.p.core.Contests(in.Origin) && !slices.Contains(k.contesting, in.Origin) && !k.ofAll(), "M21",
			"the token is withdrawn from origin %d, which has not rejected it", in.Origin)
	}
}

// checkGet: a caller whose origin has not rejected the published token is served at once (M21).
func (c *checker) checkGet(in core.Input, e *core.Effects) {
	if !c.tokenOn || c.closed {
		return
	}
	contesting := slices.Contains(c.contests.contesting, in.Origin)
	switch {
	case in.Origin == 0:
		contested := len(c.contests.contesting) > 0
		c.broken(e.Reply != core.Serve && (!contested || c.contests.failed), "M21", "a caller without an origin is not served, though the first round is over")
		c.broken(e.Reply == core.Wait, "M21", "a caller without an origin might not be served when the round fails")
		c.p.w.coverIf(e.Reply == core.WaitOrServe, CoverUnnamedCallerWaits)
	case contesting:
		c.broken(e.Reply == core.Serve && !e.Publish, "M21", "origin %d is served the token that it rejected", in.Origin)
		c.p.w.coverIf(e.Reply == core.Failed, CoverContestingCallerFails)
		if e.Reply == core.Wait {
			// What it waits for is fetched for this origin again. Unsent requests get no 401, so it is not quiet.
			c.hears(in.Origin).pending = true
		}
	case c.contests.ofAll():
		c.broken(e.Reply != core.WaitOrServe, "M21", "a caller might not be served when the first round fails")
	default:
		c.broken(e.Reply != core.Serve, "M21", "a caller waits for another origin's contest")
	}
}

// longestSuppression is how long a path that has accepted no token may have to wait for the allowance: half of it is
// kept for the others, and one fetch is regained a minute (M13).
const longestSuppression = 5 * time.Minute

func (c *checker) suppresses(in core.Input, ev core.Event) {
	full := len(c.contests.contesting) >= 64 && !slices.Contains(c.contests.contesting, in.Origin)
	c.broken(c.running && !c.failureReported && !full, "M12", "a rejection is suppressed though a fetch is in flight")
	switch {
	case c.abandoned >= 3:
		c.p.w.cover(CoverSuppressedByAbandoned)
	case c.failures.on && c.elapsed < c.failures.by && c.failures.kind != "M8":
		c.p.w.cover(CoverSuppressedByBackoff)
	case full:
		c.p.w.cover(CoverSuppressedBeyond64)
	default:
		c.p.w.cover(CoverSuppressedByGuard)
		c.broken(!c.origin(in.Origin).unaccountable() && !c.p.w.drawn.ManyAPIs, "M13", "a rejection by origin %d is suppressed, which has accepted every retry", in.Origin)
		c.broken(!ev.Until.IsZero() && ev.Until.Sub(c.last) > longestSuppression+slack, "M13", "a rejection is suppressed for %v", ev.Until.Sub(c.last))
	}
}
