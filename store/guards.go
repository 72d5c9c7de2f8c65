package store

import (
	"slices"
	"strings"
)

// These bound what an origin may cause behind its guard, as they do in one process (M13). Times are in milliseconds.
const (
	// allowance is how many fetches a guarded origin may cause at once, and allowanceEvery regains one.
	allowance      = 8
	allowanceEvery = 60_000
	// allowanceKept is how many of them are left to the paths that have accepted a token.
	allowanceKept = 4
	// firstGuardWait is how long the other paths wait after a token's arrival. Each fetch doubles it, up to
	// maxGuardWait.
	firstGuardWait = 2_000
	maxGuardWait   = 60_000
	maxGuardLevel  = 5
	// guardMemory is how long an origin has to go without a rejection to be forgotten.
	guardMemory = 60_000
	// evidenceMemory is how long ago a request may have been sent to prove something.
	evidenceMemory = 60_000
)

// guard returns what is remembered of an origin: nothing, if that is nothing.
func (s *step) guard(origin Digest) (g Guard, known bool) {
	for _, g := range s.Guards {
		if g.Origin == origin && s.now-g.Last <= guardMemory {
			return g, true
		}
	}
	return Guard{Origin: origin, Last: s.now}, false
}

// guarded lets the caller know of the guard on an origin.
func (s *step) guarded(origin Digest) {
	if g, _ := s.guard(origin); g.On {
		s.Reply.Guarded, s.Reply.Note = true, g.Note
	}
}

// remember replaces what is remembered of an origin. One that is not remembered takes the place of one that is
// forgotten, or else of the one that has been quiet for the longest. Where nothing but the time and the note of the
// last rejection has changed, and the time by less than a second, nothing is written: a thousand processes may report
// the same.
func (s *step) remember(g Guard) {
	if old, known := s.guard(g.Origin); known && g.Last-old.Last < 1_000 && old.same(g) {
		return
	}
	s.changed()
	s.Guards = slices.DeleteFunc(slices.Clone(s.Guards), func(old Guard) bool {
		return old.Origin == g.Origin || s.now-old.Last > guardMemory
	})
	if len(s.Guards) >= MaxGuards {
		quietest := 0
		for i := range s.Guards {
			if s.Guards[i].Last < s.Guards[quietest].Last {
				quietest = i
			}
		}
		s.Guards = slices.Delete(s.Guards, quietest, quietest+1)
	}
	at, _ := slices.BinarySearchFunc(s.Guards, g.Origin, func(old Guard, origin Digest) int {
		return strings.Compare(string(old.Origin), string(origin))
	})
	s.Guards = slices.Insert(s.Guards, at, g)
}

// same reports whether two guards of one origin differ in nothing but the time and the note of the last rejection.
func (g Guard) same(h Guard) bool {
	return g.Awaited == h.Awaited && g.Trial == h.Trial && g.Reports == h.Reports && g.Suspect == h.Suspect &&
		g.Since == h.Since && g.On == h.On && g.Whole == h.Whole && g.Level == h.Level
}

// heard notes a rejection that proves nothing, except that the origin is not quiet.
func (s *step) heard(c Command) {
	if g, known := s.guard(c.Origin); known || c.Guarded {
		s.report(&g, c)
		s.remember(g)
	}
}

// report notes that an origin has rejected a token.
func (s *step) report(g *Guard, c Command) {
	g.Last = s.now
	if len(c.Note) > 0 {
		g.Note = c.Note
	}
	if c.Guarded && !g.On {
		s.raise(g)
	}
}

// rejected notes that an origin has rejected the caller's token, which is the latest there is, on a first send.
// Unless the origin is guarded, it contests the token (M21). Any number of processes may report the same: the token's
// name decides what is proof of what.
func (s *step) rejected(c Command) {
	g, _ := s.guard(c.Origin)
	s.report(&g, c)
	onTrial := g.Trial && c.Rejected == s.Record.Digest
	switch {
	case g.On:
	case g.Suspect != "" && g.Suspect != c.Rejected && !(onTrial && g.Reports):
		s.raise(&g) // the successor of a token of which a retry was rejected
	case onTrial:
		// No outcome was reported of the token that was fetched for this origin: its retry counts as rejected. The
		// next one is not waited for.
		g.Trial, g.Reports = false, false
		if g.Suspect == "" {
			g.Suspect, g.Since = c.Rejected, s.now
		}
	}
	s.remember(g)
	if !g.On {
		s.contest(c.Rejected)
	}
}

// contest notes that a token is rejected.
func (s *step) contest(d Digest) {
	if s.contested(d) {
		return
	}
	kept := s.Contested
	if len(kept) >= MaxContested {
		kept = kept[len(kept)-MaxContested+1:]
	}
	s.Contested = append(slices.Clone(kept), d)
	s.changed()
}

// outcome is a report that an origin has accepted a token, or rejected a retry.
func (s *step) outcome(c Command) {
	s.Reply.Kind = Done
	current := s.Record.Gen > 0 && c.Digest == s.Record.Digest
	switch {
	case s.Epoch == 0:
		return
	case !c.Accepted:
		s.retryRejected(c, current)
	case current:
		s.accepted(c)
	}
	s.guarded(c.Origin)
}

// retryRejected notes that an origin has rejected a token that was fetched for it. Of a token that was replaced
// meanwhile it proves nothing.
func (s *step) retryRejected(c Command, current bool) {
	g, _ := s.guard(c.Origin)
	s.report(&g, c)
	g.Reports = true
	if current && !g.On {
		g.Trial = false
		switch g.Suspect {
		case c.Digest:
		case "":
			g.Suspect, g.Since = c.Digest, s.now
		default:
			s.raise(&g)
		}
	}
	s.remember(g)
}

// accepted notes that an origin accepts the record's token. Only a request that was sent after the rejection proves
// anything about it: the token may have been revoked in between.
func (s *step) accepted(c Command) {
	g, known := s.guard(c.Origin)
	if !known || g.On {
		return
	}
	g.Reports = true
	switch {
	case g.Suspect != c.Digest:
		g.Trial, g.Suspect, g.Since = false, "", 0 // the successor is accepted: the token was to blame
	case c.Age <= evidenceMemory && s.now-Time(c.Age) >= g.Since:
		s.raise(&g) // one and the same token is rejected and accepted
	}
	s.remember(g)
}

// arrived passes a new record on to all origins. same says that it is the token that was there before: where an
// origin waits for another one, that counts as a rejected retry. offered says that it was not fetched for any of
// them.
func (s *step) arrived(same, offered bool) {
	if len(s.Guards) == 0 {
		return
	}
	s.Guards = slices.Clone(s.Guards)
	for i := range s.Guards {
		g := &s.Guards[i]
		awaited := g.Awaited && !offered && s.now-g.Last <= guardMemory
		g.Awaited = false
		switch {
		case g.On:
		case !same:
			g.Trial = awaited
		case awaited && g.Suspect == "":
			g.Suspect, g.Since = s.Record.Digest, s.now
		case awaited:
			s.raise(g)
		}
	}
}

// raise puts the guard up. A lease that is in force for the origin is the first of its allowance.
func (s *step) raise(g *Guard) {
	*g = Guard{Origin: g.Origin, Last: s.now, Awaited: g.Awaited, Reports: g.Reports, On: true, Whole: s.now, Note: g.Note}
	if g.Awaited && s.now < s.Lease.Until {
		g.spend(false, s.now)
	}
}

// entitled is when a rejection may lead to a fetch. A path that has accepted a token, and whose last retry was not
// rejected, may use all of the allowance at once. All others leave half of it, and wait for a while after the
// record's arrival. Without a guard it is at once.
func (s *step) entitled(c Command) Time {
	g, _ := s.guard(c.Origin)
	switch {
	case !g.On:
		return 0
	case c.Good:
		return g.Whole - (allowance-1)*allowanceEvery
	}
	wait := min(Time(firstGuardWait)<<g.Level, maxGuardWait)
	return max(g.Whole-(allowance-allowanceKept-1)*allowanceEvery, s.Record.Published+wait)
}

// await notes that the lease in force is also for an origin.
func (s *step) await(origin Digest) {
	g, _ := s.guard(origin)
	g.Awaited = true
	s.remember(g)
}

// spend notes that a lease was granted for an origin.
func (s *step) spend(c Command) {
	g, _ := s.guard(c.Origin)
	g.Awaited = true
	if g.On {
		g.spend(c.Good, s.now)
	}
	s.remember(g)
}

// spend uses up one of the allowance.
func (g *Guard) spend(good bool, now Time) {
	g.Whole = max(g.Whole, now) + allowanceEvery
	if !good {
		g.Level = min(g.Level+1, maxGuardLevel)
	}
}
