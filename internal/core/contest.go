package core

import "slices"

// contest says from which origins the published token is withdrawn because they rejected it (M21). Their requests wait
// for its successor, and fail with the token error while none is available; all others keep using the token. So an API
// that rejects tokens because its identity provider is down takes them from no other API.
//
// A newer token ends the contest, whatever it was fetched for. The contested value does not, should the endpoint return
// it again.
type contest struct {
	// origins are those that contest the token, at most 64. A slice is replaced and never modified.
	origins []uint64
	// failed says that the first round of the contest is over without a token. Until then, callers that named no origin
	// wait as well, and all callers if the one that rejected the token named none.
	failed bool
}

// maxContesting is how many origins may contest a token. The rejection of another one is suppressed.
const maxContesting = 64

// covers reports whether a request to an origin (0: the caller named none) may not use the token. Where a side names no
// origin, it may be meant for the one that rejects it, and waits for as long as the first round lasts.
func (c *contest) covers(origin uint64) bool {
	if c.failed || len(c.origins) == 0 {
		return origin != 0 && c.has(origin)
	}
	return origin == 0 || c.origins[0] == 0 || c.has(origin)
}

// has reports whether an origin contests the token.
func (c *contest) has(origin uint64) bool { return slices.Contains(c.origins, origin) }

// full reports whether no other origin may join.
func (c *contest) full() bool { return len(c.origins) >= maxContesting }

// add lets an origin contest the token. The origins are in the order of their names, so that equal sets are equal.
func (c *contest) add(origin uint64) {
	i, found := slices.BinarySearch(c.origins, origin)
	if !found {
		c.origins = slices.Insert(slices.Clone(c.origins), i, origin)
	}
}

// remove reports whether an origin contested the token, which it does no longer.
func (c *contest) remove(origin uint64) bool {
	i, found := slices.BinarySearch(c.origins, origin)
	if !found {
		return false
	}
	if len(c.origins) == 1 {
		*c = contest{}
		return true
	}
	c.origins = slices.Delete(slices.Clone(c.origins), i, i+1)
	return true
}

// endContest is for a token that is replaced or gone.
func (s *step) endContest() {
	if len(s.contest.origins) > 0 {
		s.contest = contest{}
		s.Contested = true
	}
}

// failContest ends the first round of a contest.
func (s *step) failContest() {
	if len(s.contest.origins) > 0 && !s.contest.failed {
		s.contest.failed = true
		s.Contested = true
	}
}
