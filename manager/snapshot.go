package manager

import (
	"sync/atomic"
	"time"
)

// snapshot is a published token. The owner makes it and replaces it; everybody reads it.
type snapshot struct {
	token     *Token
	start     time.Time
	due, end  time.Time // without a monotonic part, so that comparing with them goes by the wall clock
	attention atomic.Uint32
}

// The values of attention. It only ever grows.
const (
	unread uint32 = iota
	read
	nudged // read when due had passed, and the owner was told
)

// usable is the hot path: one flag load and one comparison with the one clock read, since due never lies after the end.
func (s *snapshot) usable(now time.Time, m *Manager) bool {
	return s.attention.Load() == read && now.Before(s.due) || s.attend(now, m)
}

// attend is the rest. A reader who finds due passed tells the owner, once and without waiting: it may be dormant, or its
// timer late because the machine slept.
func (s *snapshot) attend(now time.Time, m *Manager) bool {
	switch {
	case !now.Before(s.end):
		return false
	case now.Before(s.due):
		s.attention.CompareAndSwap(unread, read)
	case s.attention.Load() != nudged && s.attention.Swap(nudged) != nudged:
		go m.tell(nudge{})
	}
	return true
}

func (s *snapshot) wasRead() bool { return s != nil && s.attention.Load() != unread }
