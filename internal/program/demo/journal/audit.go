package journal

import (
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// Purposes counts token requests by what they were made for.
type Purposes struct {
	Cold      uint64 // the first one
	Refreshes uint64 // refreshes ahead of time
	Revoked   uint64 // replacements of a token that an API refused
	Probes    uint64 // attempts to find out whether a failing endpoint is back
	Other     uint64
}

// Total is how many there are.
func (p Purposes) Total() uint64 { return p.Cold + p.Refreshes + p.Revoked + p.Probes + p.Other }

func (p *Purposes) add(cause manager.Cause) {
	switch cause {
	case manager.CauseCold:
		p.Cold++
	case manager.CauseRefresh:
		p.Refreshes++
	case manager.CauseRejected:
		p.Revoked++
	case manager.CauseExpired, manager.CauseRetry:
		p.Probes++
	default:
		p.Other++
	}
}

// Audit counts the token requests that were made, and those among them that no client could have done without while its
// users are served: the first one; one per token that came to its refresh time, or that was revoked; and while the
// endpoint fails, one probe per backoff that ran out, or, for callers without a token, one round of three attempts. It
// does not take the manager's word for a cause: whether there was occasion follows from the times that tokens and
// backoffs were published with. revocations is how often the server has revoked the token in use.
func Audit(entries []alf.Event, revocations int) (made, fewest Purposes) {
	a := auditor{revocations: revocations}
	for _, e := range entries {
		if e.Kind == manager.FetchStarted {
			made.add(e.Cause)
			if a.hasOccasion(e) {
				fewest.add(e.Cause)
			}
		}
		a.follow(e)
	}
	return made, fewest
}

// A round is up to three attempts.
const attempts = 3

// Waits are measured by one clock and published by another.
const tolerance = 2 * time.Millisecond

// auditor knows at each entry what might be the occasion for a token request. Each occasion is used up by one.
type auditor struct {
	revocations int

	began       bool      // there has been a request
	inFlight    bool      // there is one
	inHand      bool      // there is a token
	refreshTime time.Time // when it is to be refreshed; zero: that is done, or not known
	rejected    uint64    // the token that an API refused last
	refused     bool      // and that has not been replaced
	lost        bool      // a token came to its end, and no caller has asked for another
	retry       bool      // a round's attempt failed that was not its last
	probe       time.Time // when a backoff runs out; zero: there is none
}

// hasOccasion reports whether a request is prescribed now, and takes note that it was made.
func (a *auditor) hasOccasion(e alf.Event) bool {
	passed := func(t time.Time) bool { return !t.IsZero() && !e.Time.Before(t.Add(-tolerance)) }
	switch {
	case a.inFlight:
		return false
	case !a.began:
		return true
	case a.refused && a.revocations > 0:
		a.refused = false
		a.revocations--
	case a.retry:
		a.retry = false
	case a.lost:
		a.lost = false
	case !a.probe.IsZero():
		if !passed(a.probe) {
			return false
		}
		a.probe = time.Time{}
	case a.inHand && passed(a.refreshTime):
		a.refreshTime = time.Time{}
	default:
		return false
	}
	return true
}

func (a *auditor) follow(e alf.Event) {
	switch e.Kind {
	case manager.FetchStarted:
		a.began, a.inFlight = true, true
	case manager.FetchEnded:
		a.inFlight = false
		a.retry = e.Class == manager.ClassTransient && !a.inHand && e.Attempt < attempts
		// A token that comes at its end is handed to the callers that waited for it, and no later caller.
		a.lost = a.lost || e.Class == manager.ClassExpiredOnArrival && !a.inHand
	case manager.FetchAbandoned:
		a.inFlight = false
	case manager.Published:
		*a = auditor{revocations: a.revocations, began: true, inHand: true, refreshTime: e.RefreshTime}
	case manager.Rejected:
		a.rejected, a.refused = e.Token, true
	case manager.Withdrawn:
		a.inHand, a.refreshTime = false, time.Time{}
		if e.Token != a.rejected {
			// The end of a token lifts a backoff, but a request in flight is what those who wait are waiting for
			// already.
			a.probe, a.lost = time.Time{}, !a.inFlight
		}
	case manager.BackedOff:
		a.retry, a.lost, a.probe = false, false, e.Until
	}
}
