package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// storeBegan is the store's time at the beginning.
const storeBegan store.Time = 1_900_000_000_000

// shared is the store.
type shared struct {
	w     *World
	state store.State
	older store.State // a copy that is behind
	down  bool
}

func (s *shared) time() store.Time { return storeBegan + store.Time(s.w.Now/time.Millisecond) }

func (s *shared) dropData() {
	s.w.note("the store loses data")
	clear(s.w.grants) // a process that has seen nothing cannot know that they were given out
	if s.w.chance(0.5) {
		s.state = store.State{}
		return
	}
	s.state, s.older = s.older, s.state
}

// do runs a command, and passes its change on.
func (s *shared) do(c store.Command) (r store.Reply, ok bool) {
	if s.down {
		return r, false
	}
	if s.w.chance(0.02) {
		s.older = s.state
	}
	result, err := store.Step(s.state, s.time(), c)
	if err != nil {
		s.w.violate("D11", "a command is refused: %v: %+v", err, c)
		return r, false
	}
	s.state = result.State
	if result.Change == store.Pushed {
		push := s.state.Push(s.time())
		for _, p := range s.w.processes {
			if !s.w.chance(s.w.parameters.PushLost) {
				s.w.After(s.w.about(s.w.parameters.StoreLatency), func() { p.receive(func() { p.pushed(push) }) })
			}
		}
	}
	return result.Reply, true
}
