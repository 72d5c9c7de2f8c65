package sharing

import (
	"time"

	"github.com/alf-go/alf/store"
)

// circuit is open while the store does not work: it is left alone for half a second, and this process goes on as
// without a store (D4). The next command finds out whether it works again.
type circuit struct {
	until    Elapsed
	failures int
}

// storeFailed is a command that the store did not reply to in time, or with nonsense.
func (s *step) storeFailed() {
	kind := s.op.kind
	s.op.on = false
	s.openCircuit()
	switch kind {
	case store.Publish, store.Hold, store.Release:
		s.fetch.over() // the lease ends by itself
	case store.Extend:
		s.fetch.extendAt = s.elapsed + Lease/leasePart
	}
	if s.held.on && (s.held.version == store.Version{} || kind == store.Offer) {
		s.held.offerAt = s.circuit.until + s.pause()
	}
}

// openCircuit leaves the store alone for a while.
func (s *step) openCircuit() {
	s.circuit.failures++
	s.circuit.until = s.elapsed + circuitOpen
	s.StoreFailed = true
}

// pause is how much longer a store that does not work is left alone where no caller waits for it.
func (s *step) pause() time.Duration {
	pause := circuitOpen
	for range s.circuit.failures - 1 {
		pause = min(2*pause, maxProbe)
	}
	return pause - circuitOpen + time.Duration(float64(offerSpread)*s.draw)
}

// current reports whether the command with that number is the one that is waited for.
func (s *step) current(id uint64) bool { return s.op.on && s.op.id == id }
