package core

import (
	"slices"
	"time"
)

// guards remembers the origins that rejected tokens, so that a server which always responds with a 401 neither drains
// the token endpoint nor starves the servers that accept what was fetched (M13).
type guards struct {
	// origins has one entry for each origin that rejected a token within the last minute, 64 at most. A slice is
	// replaced and never modified, so that a copy of a Core is a fork; see edit.
	origins []guard
	// fetched says that a rejection has caused a fetch.
	fetched bool
	// lastFetch is the start of the last such fetch. The next one starts a second later, whichever origin rejects.
	lastFetch Elapsed
}

// guard is what one origin's responses have confirmed, and what it may still cause.
//
// A retry that is rejected proves little by itself: the token may have been revoked after it was fetched. It counts
// once it is certain that the token was not to blame: a request sent later with the very same token is accepted, or its
// successor is rejected as well. A retry that counts raises the guard. A minute without a 401 from the origin forgets
// everything.
type guard struct {
	// origin is the resource server's. Zero stands for callers that named none.
	origin uint64
	// last is when the origin last responded with a 401, or its guard went up.
	last Elapsed

	// awaited says that a rejection by this origin is to be served by the next token, for a request to awaitedPath.
	awaited     bool
	awaitedPath uint64
	// mine says that the current token was fetched for this origin, trial that no outcome of it is known so far.
	mine, trial bool
	// tried says that the origin rejected the token on trial on a first send, before the outcome of a retry was
	// reported. Unless that is reported before the token's successor arrives, the retry is counted as rejected.
	tried bool
	// reports says that an outcome was reported before, so that a missing report is probably on its way.
	reports bool

	// suspicion says whether a retry was rejected for which the token may have been to blame, and of which token.
	suspicion suspicion
	// since is when the response was known that tried or the suspicion is about. Only requests sent later prove
	// anything about it: the token may have been revoked in between.
	since Elapsed

	// on says that the guard is up: fetches for this origin use up its allowance.
	on bool
	// whole is when the allowance will be whole again. Each fetch uses up one of eight and moves it by a minute, so one
	// number says how much is left.
	whole Elapsed
	// level counts the fetches made for paths that have not accepted a token. Each doubles the wait of the next.
	level uint8
	// paths are those that accepted a token, or whose retry was rejected, since the guard went up.
	paths paths
}

// suspicion says which token's rejected retry is not yet accounted for.
type suspicion uint8

const (
	noSuspicion suspicion = iota
	ofCurrent             // the current token's
	ofOlder               // that of a token which has been replaced, so that what becomes of its successor decides
	confirmed             // of two tokens in a row; the next rejection raises the guard
)

// forgotten reports whether a minute has passed without a 401 from the origin.
func (g *guard) forgotten(now Elapsed) bool { return now-g.last > guardMemory }

// rejected notes that the origin rejected the current token on a first send, and reports whether that makes an earlier
// rejected retry count. Where the outcome of a retry is probably about to be reported, that one decides.
func (g *guard) rejected(now Elapsed) (certain bool) {
	switch {
	case g.on:
		return false
	case g.suspicion == confirmed:
		return true
	case g.trial && (g.reports || g.suspicion != ofOlder):
		if !g.tried {
			g.tried, g.since = true, now
		}
		return false
	}
	return g.suspicion == ofOlder
}

// retryRejected notes that the origin rejected a token for the second time, and reports whether it is certain that
// tokens are not to blame. Of a token that was replaced meanwhile it proves nothing.
func (g *guard) retryRejected(path uint64, current bool, now Elapsed) (certain bool) {
	g.reports = true
	if g.on {
		g.paths = g.paths.rejected(path)
		return false
	}
	if !current {
		return false
	}
	g.trial, g.tried = false, false
	if g.suspicion == noSuspicion {
		g.suspicion, g.since = ofCurrent, now
		return false
	}
	return g.suspicion != ofCurrent
}

// accepted notes that the origin accepted a token, and reports whether that makes a rejected retry count, and whether
// the token is one that was fetched for this origin. sent is when the request was.
func (g *guard) accepted(in Input, current bool, sent Elapsed) (certain, replaced bool) {
	g.reports = true
	if !current {
		return false, false
	}
	if (g.suspicion == ofCurrent || g.tried) && sent >= g.since && in.Age <= evidenceMemory {
		return true, false // one and the same token is rejected and accepted
	}
	if g.trial && (in.Retry || in.Path == g.awaitedPath) {
		g.trial, g.tried = false, false
		replaced = true
	}
	if g.suspicion == ofOlder || g.suspicion == confirmed && in.Retry {
		g.suspicion = noSuspicion // the successor is accepted: the token was to blame
	}
	return false, replaced
}

// published notes that a token was published, and reports whether a rejected retry counts now. The very value that was
// rejected counts as a rejected retry.
func (g *guard) published(same bool, now Elapsed) (certain bool) {
	awaited := g.awaited
	g.awaited, g.mine = false, false
	switch {
	case g.on:
	case same && !awaited:
	case same && g.suspicion == noSuspicion:
		g.suspicion, g.since = ofCurrent, now
	case same:
		return true
	default:
		// No report came of the token on trial: a caller that reports no outcomes is counted as rejected.
		assumed := g.trial && (g.tried || !g.reports)
		switch {
		case g.suspicion == ofOlder && assumed:
			g.suspicion = confirmed
		case g.suspicion == ofCurrent, g.suspicion == noSuspicion && assumed:
			g.suspicion = ofOlder
		}
		g.mine, g.trial, g.tried = awaited, awaited, false
	}
	return false
}

// raise puts the guard up. The quiet minute that removes it begins now: what proves that tokens are not to blame may
// come long after the last 401.
func (g *guard) raise(now Elapsed) {
	*g = guard{
		origin: g.origin, last: now, reports: g.reports, awaited: g.awaited, awaitedPath: g.awaitedPath,
		on: true, whole: now,
	}
}

// entitled is when a fetch may be made for a path, behind the guard. A path that has accepted a token, and whose last
// retry was not rejected, may use all of the allowance at once. All others must leave half of it, and wait for a while
// after the token's arrival.
func (g *guard) entitled(path uint64, arrived Elapsed) Elapsed {
	if g.paths.good(path) {
		return g.whole - (allowance-1)*allowanceEvery
	}
	wait := min(firstGuardWait<<g.level, maxGuardWait)
	return max(g.whole-(allowance-allowanceKept-1)*allowanceEvery, arrived+wait)
}

// spend uses up one of the allowance.
func (g *guard) spend(path uint64, now Elapsed) {
	g.whole = max(g.whole, now) + allowanceEvery
	if !g.paths.good(path) {
		g.level = min(g.level+1, maxGuardLevel)
	}
}

// useful reports whether anything is known of the origin that makes a difference.
func (g *guard) useful() bool {
	return g != nil && (g.on || g.awaited || g.mine || g.trial || g.tried || g.reports || g.suspicion != noSuspicion)
}

// earliest is when a rejection that is entitled to a fetch gets it, if the last such fetch allows it from then on.
// Where two processes revoke each other's tokens as fast as they fetch them, the one that notices it would at once
// revoke a token that the other has not used. So a token that an origin rejects so soon after it was fetched for it is
// not replaced at once.
func (g *guard) earliest(now, allowed Elapsed, draw float64) Elapsed {
	if !g.mine || now >= allowed-restart+contendedWithin {
		return allowed
	}
	return max(allowed, now+time.Duration(float64(contendedWait)*(0.5+draw)))
}

// observing reports whether outcomes of first sends can still prove something.
func (g *guard) observing() bool { return g.on || g.trial || g.suspicion != noSuspicion }

// find returns what is remembered of an origin, or nil.
func (gs *guards) find(origin uint64, now Elapsed) *guard {
	for i := range gs.origins {
		if g := &gs.origins[i]; g.origin == origin && !g.forgotten(now) {
			return g
		}
	}
	return nil
}

// edit returns what is remembered of an origin, to be modified before the next call. An origin that is not remembered
// takes the place of one that is forgotten, or else of the one that has been quiet for the longest.
func (gs *guards) edit(origin uint64, now Elapsed) *guard {
	gs.origins = slices.DeleteFunc(slices.Clone(gs.origins), func(g guard) bool { return g.forgotten(now) })
	if g := gs.find(origin, now); g != nil {
		return g
	}
	fresh := guard{origin: origin, last: now}
	if len(gs.origins) < maxOrigins {
		gs.origins = append(gs.origins, fresh)
		return &gs.origins[len(gs.origins)-1]
	}
	quietest := 0
	for i := range gs.origins {
		if gs.origins[i].last < gs.origins[quietest].last {
			quietest = i
		}
	}
	gs.origins[quietest] = fresh
	return &gs.origins[quietest]
}

// heard notes a 401 that proves nothing, except that the origin is not quiet.
func (gs *guards) heard(origin uint64, now Elapsed) {
	if gs.find(origin, now) != nil {
		gs.edit(origin, now).last = now
	}
}

// earliest is when a rejection that is entitled to a fetch gets it.
func (gs *guards) earliest() Elapsed {
	if !gs.fetched {
		return longAgo
	}
	return gs.lastFetch + restart
}

// longAgo is earlier than any time that an elapsed one is compared with.
const longAgo Elapsed = -1 << 62

// observing reports whether any outcome can prove something.
func (gs *guards) observing(now Elapsed) bool {
	return slices.ContainsFunc(gs.origins, func(g guard) bool { return g.observing() && !g.forgotten(now) })
}

// remembering reports whether any origin is remembered.
func (gs *guards) remembering(now Elapsed) bool {
	return slices.ContainsFunc(gs.origins, func(g guard) bool { return !g.forgotten(now) })
}

// These bound what an origin may cause behind its guard (M13).
const (
	// allowance is how many fetches a guarded origin may cause at once, and allowanceEvery regains one.
	allowance      = 8
	allowanceEvery = time.Minute
	// allowanceKept is how many of them are left to the paths that have accepted a token.
	allowanceKept = 4
	// firstGuardWait is how long the other paths wait after a token's arrival. Each fetch doubles it, up to
	// maxGuardWait.
	firstGuardWait = 2 * time.Second
	maxGuardWait   = time.Minute
	maxGuardLevel  = 5
	// contendedWithin is how soon after its fetch a token is rejected that another process revokes, and contendedWait
	// how long its successor waits on the average.
	contendedWithin = 1250 * time.Millisecond
	contendedWait   = 500 * time.Millisecond
	// guardMemory is how long an origin has to go without a 401 to be forgotten.
	guardMemory = time.Minute
	// evidenceMemory is how long ago a request may have been sent to prove something.
	evidenceMemory = time.Minute
	// maxOrigins is how many origins are remembered.
	maxOrigins = 64
)
