package world

import (
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// line is one line of a trace: an input of a process, or an effect. It has numbers only, so no secret can be in it.
type line struct {
	at   time.Duration
	p    int32
	what what
	a, b int64
}

// what a line is about. The first ones are the inputs of the core, the last its events.
type what uint8

const (
	wNothing what = iota
	wGet
	wInvalidate
	wRefresh
	wFetched
	wWake
	wExpire
	wRefreshHint
	wClose
	wServed
	wGaveUp
	wReplied
	wOutcome
	wChecked
	wResponse
	wOutage
	wRevoke
	wRoll
	wStep
	wSleep
	wFaultsEnd
	wOneActive
	wWatch
	wUnwatch
	wYielded
	wOffered
	wEvent // + core.EventKind
)

const wEvents = wEvent

var words = [...]string{
	wGet: "get: caller %d", wInvalidate: "invalidate: token of fetch %d, by API %d", wRefresh: "manual refresh: caller %d",
	wFetched: "fetch %d ended: %s", wWake: "timer", wExpire: "expiry timer of publication %d", wRefreshHint: "refresh hint",
	wClose: "close", wServed: "caller %d is served token of fetch %d", wGaveUp: "caller %d gives up",
	wOutcome: "API %d %s", wChecked: "credentials %s",
	wReplied: "reply to caller %d: %s", wResponse: "caller %d: the API responds %d", wOutage: "the token endpoint is %s",
	wRevoke: "all tokens are revoked", wRoll: "keys roll over", wStep: "the wall clock is stepped by %s",
	wSleep: "the machine sleeps for %s", wFaultsEnd: "the faults end", wOneActive: "  one active token, by API %d",
	wWatch: "watcher %d joins", wUnwatch: "watcher %d leaves", wYielded: "watcher %d is given the token of fetch %d",
	wOffered: "token %d comes from elsewhere",
}

// outcomeReports are the outcomes that callers report; see outcomeOf.
var outcomeReports = [...]string{"rejected a first send", "accepted a first send", "rejected a retry", "accepted a retry"}

func outcomeOf(retry, accepted bool) int64 { return 2*toInt(retry) + toInt(accepted) }

func toInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

var replyWords = [...]string{
	core.None: "nothing", core.Serve: "current token", core.ServeExpired: "expired token", core.Wait: "wait", core.Failed: "failed",
	core.Done: "done", core.Suppressed: "suppressed", core.Shut: "closed", core.WaitOrServe: "wait", core.TooShort: "too short",
}

var eventWords = [...]string{
	core.FetchStarted: "fetch %d starts: %s", core.FetchEnded: "  fetch %d: %s", core.FetchAbandoned: "fetch %d is abandoned",
	core.LateResult: "late result of fetch %d is dropped", core.Published: "token #%d published until %s",
	core.Withdrawn: "token #%d withdrawn", core.Rejected: "token #%d rejected", core.RejectionSuppressed: "rejection of token #%d suppressed until %s",
	core.BackedOff: "backing off%.0d until %s", core.WentIdle: "idle", core.WasClosed: "closed",
	core.Guarded: "guard on API %d", core.BackoffLifted: "credentials changed: the backoff is lifted",
}

var causeWords = [...]string{core.CauseCold: "cold", core.CauseRefresh: "refresh", core.CauseExpired: "expired", core.CauseRejected: "rejection", core.CauseManual: "manual", core.CauseRetry: "retry", core.CauseShared: "shared"}

var classWords = [...]string{core.ClassOK: "ok", core.ClassExpiredOnArrival: "expired on arrival", core.ClassTransient: "transient", core.ClassPermanent: "permanent", core.ClassStale: "stale"}

func (l line) String() string {
	prefix := fmt.Sprintf("%14s p%d  ", l.at.Round(time.Microsecond), l.p)
	if l.what > wEvents {
		kind := core.EventKind(l.what - wEvents)
		word := eventWords[kind]
		switch kind {
		case core.FetchStarted:
			return prefix + fmt.Sprintf("  "+word, l.a, causeWords[l.b])
		case core.FetchEnded:
			return prefix + fmt.Sprintf(word, l.a, classWords[l.b])
		case core.Published, core.RejectionSuppressed, core.BackedOff:
			return prefix + fmt.Sprintf("  "+word, l.a, time.Duration(l.b).Round(time.Microsecond))
		case core.Guarded:
			return prefix + fmt.Sprintf("  "+word, l.b)
		case core.WentIdle, core.WasClosed, core.BackoffLifted:
			return prefix + "  " + word
		}
		return prefix + fmt.Sprintf("  "+word, l.a)
	}
	word := words[l.what]
	switch l.what {
	case wFetched:
		return prefix + fmt.Sprintf(word, l.a, outcomeWords[l.b])
	case wOutcome:
		return prefix + fmt.Sprintf(word, l.a, outcomeReports[l.b])
	case wChecked:
		return prefix + fmt.Sprintf(word, [...]string{"are the same", "have changed"}[l.a])
	case wReplied:
		return prefix + fmt.Sprintf(word, l.a, replyWords[l.b])
	case wOutage:
		return prefix + fmt.Sprintf(word, Trouble(l.a))
	case wStep, wSleep:
		return prefix + fmt.Sprintf(word, time.Duration(l.a))
	case wYielded:
		if l.b == 0 {
			return prefix + fmt.Sprintf("watcher %d is given an error", l.a)
		}
		return prefix + fmt.Sprintf(word, l.a, l.b)
	case wServed, wInvalidate, wResponse:
		return prefix + fmt.Sprintf(word, l.a, l.b)
	case wOneActive, wOffered, wGet, wRefresh, wExpire, wGaveUp, wWatch, wUnwatch:
		return prefix + fmt.Sprintf(word, l.a)
	}
	return prefix + word
}

// recentLines is how many lines a failure shows.
const recentLines = 40

// trace hashes every line and remembers the last ones, or all of them on request.
type trace struct {
	hash   uint64
	count  uint64
	recent [recentLines]line
	all    []line
	keep   bool
}

func (t *trace) add(l line) {
	t.mix(uint64(l.at))
	t.mix(uint64(l.p)<<8 | uint64(l.what))
	t.mix(uint64(l.a))
	t.mix(uint64(l.b))
	t.recent[t.count%recentLines] = l
	t.count++
	if t.keep {
		t.all = append(t.all, l)
	}
}

// mix is one round of a multiply-and-rotate hash: quick, and any difference spreads.
func (t *trace) mix(v uint64) {
	t.hash = (t.hash ^ v) * 0x9e3779b97f4a7c15
	t.hash ^= t.hash >> 29
}

// last returns the latest lines, oldest first.
func (t *trace) last() []line {
	n := min(t.count, recentLines)
	lines := make([]line, 0, n)
	for i := t.count - n; i < t.count; i++ {
		lines = append(lines, t.recent[i%recentLines])
	}
	return lines
}

// subject and detail are what a trace's line says of an event.
func subject(ev core.Event) uint64 {
	if ev.Flight != 0 {
		return ev.Flight
	}
	return ev.Token
}

func detail(ev core.Event) int64 {
	switch ev.Kind {
	case core.FetchStarted:
		return int64(ev.Cause)
	case core.FetchEnded:
		return int64(ev.Class)
	case core.Guarded:
		return int64(ev.Origin) - 1
	case core.Published, core.RejectionSuppressed, core.BackedOff:
		if !ev.Until.IsZero() {
			return int64(ev.Until.Sub(epoch))
		}
	}
	return 0
}
