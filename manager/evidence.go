package manager

import (
	"time"

	"github.com/alf-go/alf/internal/core"
)

// evidence is what the owner keeps about origins that reject tokens, besides the core: their names, and what has been
// reported about them. Most managers never need it, so it is made at the first rejection.
type evidence struct {
	// names are those of the origins that rejected tokens, 64 at most.
	names map[uint64]string
	// reported is until when the suppressions of an origin were reported, and how many there have been since.
	reported map[uint64]*suppressions
	// displacements recognises a server with one active token per client.
	displacements core.Displacements
}

type suppressions struct {
	until time.Time
	count uint64
}

// maxNames is how many origins have a name in events.
const maxNames = 64

// quietFor is how long suppressions that are not bound to a time are reported once.
const quietFor = time.Minute

// know remembers an origin's name.
func (e *entry) know(id uint64, origin string) {
	if e.evidence == nil {
		e.evidence = new(evidence)
	}
	known := e.evidence
	if known.names == nil {
		known.names = make(map[uint64]string)
	}
	if known.names[id] == origin {
		return
	}
	if len(known.names) >= maxNames {
		for other := range known.names { // any of them: one that rejects again is remembered again
			delete(known.names, other)
			delete(known.reported, other)
			break
		}
	}
	known.names[id] = origin
}

// name is that of an origin.
func (e *evidence) name(id uint64) string {
	if e == nil {
		return ""
	}
	return e.names[id]
}

// suppressed counts a suppressed rejection and reports whether an event about it is due: once in each wait.
func (e *evidence) suppressed(ev *core.Event, now time.Time) (count uint64, wanted bool) {
	s := e.reported[ev.Origin]
	if s == nil {
		s = new(suppressions)
		if e.reported == nil {
			e.reported = make(map[uint64]*suppressions)
		}
		e.reported[ev.Origin] = s
	}
	s.count++
	if now.Before(s.until) {
		return 0, false
	}
	count = s.count
	s.count = 0
	if s.until = ev.Until; s.until.IsZero() {
		s.until = now.Add(quietFor)
	}
	return count, true
}

// lasting is what still matters of it while its token is packed, which no origin has rejected for a minute then: what
// was reported, so that it is not reported again. It is nil if nothing does. elapsed and now are the core's time.
func (e *evidence) lasting(elapsed core.Elapsed, now time.Time) *evidence {
	if e == nil {
		return nil
	}
	var rest evidence
	rest.displacements = e.displacements.From(elapsed)
	for origin, s := range e.reported {
		if now.Before(s.until) {
			if rest.reported == nil {
				rest.reported = make(map[uint64]*suppressions)
			}
			rest.reported[origin] = s
		}
	}
	if rest.reported == nil && rest.displacements == (core.Displacements{}) {
		return nil
	}
	return &rest
}
