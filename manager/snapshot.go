package manager

import (
	"hash/maphash"
	"slices"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/core"
)

// snapshot is a published token. The owner makes it and replaces it; all callers read it.
type snapshot struct {
	token       *Token
	refreshTime time.Time     // without a monotonic part, so that comparing with it goes by the wall clock
	life        time.Duration // from the start of its fetch to its effective expiry
	flags       atomic.Uint32
	contest     atomic.Pointer[contest] // nil: no origin contests the token
}

// end is the token's effective expiry, without a monotonic part.
func (s *snapshot) end() time.Time { return s.token.EffectiveExpiry() }

// start is when the fetch that brought the token was started.
func (s *snapshot) start() time.Time { return s.end().Add(-s.life) }

// The flags of a snapshot.
const (
	// wasRead: a caller has read it. It is never cleared.
	wasRead uint32 = 1 << iota
	// hinted: it was read when the refresh time had passed, and the owner was sent a hint. It is never cleared.
	hinted
	// contested: the token is withdrawn from some origins (M21). Set and cleared by the owner alone.
	contested
	// unused: no caller has read it since the owner of a pool looked last. Set by the owner, cleared by readers (P4).
	unused
)

// contest says who may not use a token. It is immutable.
type contest struct {
	origins []uint64 // in ascending order
	unnamed bool     // callers that name no origin may not either
	all     bool     // no caller may: the one that rejected it named no origin
}

func (c *contest) covers(seed maphash.Seed, target string) bool {
	origin, _ := splitOrigin(target)
	id := originID(seed, origin)
	if id == 0 || c.all {
		return c.unnamed
	}
	_, found := slices.BinarySearch(c.origins, id)
	return found
}

// setContest takes over from the core who may not use the token.
func (s *snapshot) setContest(c *core.Core) {
	origins := c.Contesting()
	if len(origins) == 0 {
		s.contest.Store(nil)
		s.flags.And(^contested)
		return
	}
	unnamed := c.Contests(0)
	s.contest.Store(&contest{origins: origins, unnamed: unnamed, all: unnamed && origins[0] == 0})
	s.flags.Or(contested)
}

// usable is the hot path: one flag load and one comparison with the one clock read, since the refresh time never lies
// after the end.
func (s *snapshot) usable(now time.Time, e *entry, target string) bool {
	return s.flags.Load() == wasRead && now.Before(s.refreshTime) || s.attend(now, e, target)
}

// attend is the rest. A reader that finds the refresh time passed sends the owner a hint, once and without waiting: it
// may be idle, or its timer late because the machine slept.
func (s *snapshot) attend(now time.Time, e *entry, target string) bool {
	if !now.Before(s.end()) {
		return false
	}
	if c := s.contest.Load(); c != nil && c.covers(e.shard.seed, target) {
		return false
	}
	if e.pooled != nil {
		e.pooled.use(now)
		if s.flags.Load()&unused != 0 {
			s.flags.And(^unused)
		}
	}
	if now.Before(s.refreshTime) {
		s.flags.Or(wasRead)
	} else if s.flags.Load()&hinted == 0 && s.flags.Or(wasRead|hinted)&hinted == 0 {
		go e.send(refreshHint{})
	}
	return true
}

func (s *snapshot) wasRead() bool { return s != nil && s.flags.Load()&wasRead != 0 }

// published is the token; nil if there is none.
func (s *snapshot) published() *Token {
	if s == nil {
		return nil
	}
	return s.token
}
