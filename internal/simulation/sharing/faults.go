package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// planFaults plans the first of each fault that is on.
func (w *World) planFaults() {
	k := &w.parameters
	w.again(&k.Revoked, func() { w.note("all tokens are revoked"); w.endpoint.revoke() })
	w.again(&k.Outages, func() {
		w.endpoint.down, w.endpoint.wasDown = true, true
		w.After(k.Outages/10, func() { w.endpoint.down = false })
	})
	w.again(&k.StoreDown, func() {
		w.note("the store is down")
		w.store.down = true
		w.After(k.StoreDown/5, func() { w.store.down = false; w.note("the store is back") })
	})
	w.again(&k.DataLost, w.store.dropData)
	w.again(&k.Deaths, func() {
		i := w.rnd.IntN(len(w.processes))
		w.note("process %d dies", i)
		w.Stats.Died++
		w.processes[i].dead = true
		w.processes[i] = w.newProcess(i)
	})
	w.again(&k.Stops, func() {
		p := w.processes[w.rnd.IntN(len(w.processes))]
		p.stop(time.Duration(w.rnd.Int64N(int64(10 * time.Second))))
	})
}

// again lets a fault happen again and again, as long as faults are on.
func (w *World) again(every *time.Duration, do func()) {
	if *every <= 0 {
		return
	}
	w.After(w.about(*every), func() {
		if *every > 0 && w.Now < w.faultsEnd {
			do()
			w.again(every, do)
		}
	})
}

// Stop stops a process for a while.
func (w *World) Stop(i int, d time.Duration) { w.processes[i].stop(d) }

// Kill lets a process die, without another one in its place.
func (w *World) Kill(i int) { w.processes[i].dead = true }

// Revoke revokes all tokens.
func (w *World) Revoke() { w.endpoint.revoke() }

// EndpointDown and StoreDown let either fail, or work again.
func (w *World) EndpointDown(down bool) {
	w.endpoint.down, w.endpoint.wasDown = down, w.endpoint.wasDown || down
}

// StoreDown lets the store fail, or work again.
func (w *World) StoreDown(down bool) { w.store.down = down }

// Flush empties the store.
func (w *World) Flush() { w.store.state = store.State{} }

// Fetching returns the process that fetches; -1 if there is none.
func (w *World) Fetching() int {
	for i, p := range w.processes {
		if p.flight.on {
			return i
		}
	}
	return -1
}

// endpoint is the token endpoint and the registry of what it has issued. A token's value is its place, from 1.
type endpoint struct {
	w       *World
	down    bool
	wasDown bool
	tokens  []issued
}

type issued struct {
	expires time.Duration // in true time
	revoked bool
}

func (e *endpoint) issue() int {
	if e.w.parameters.OneActive {
		e.revoke()
	}
	e.tokens = append(e.tokens, issued{expires: e.w.Now + e.w.parameters.Lifetime})
	return len(e.tokens)
}

func (e *endpoint) revoke() {
	for i := len(e.tokens) - 1; i >= 0 && !e.tokens[i].revoked; i-- {
		e.tokens[i].revoked = true
	}
}

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
