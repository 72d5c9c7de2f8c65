package sim

import (
	"sync"
	"time"
)

// seen remembers the names of what may come only once, for as long as it would be accepted.
type seen struct {
	keep time.Duration

	mu            sync.Mutex
	recent, older map[string]struct{}
	turned        time.Time // when recent was begun
}

// first reports whether a name has not come before.
func (s *seen) first(name string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.recent == nil || now.Sub(s.turned) >= s.keep {
		// A generation at a time: what is in older was there for that long at least when it is forgotten.
		s.older, s.recent, s.turned = s.recent, make(map[string]struct{}), now
	}
	_, again := s.recent[name]
	if !again {
		_, again = s.older[name]
	}
	s.recent[name] = struct{}{}
	return !again
}
