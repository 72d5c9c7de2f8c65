package world

import (
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// source is the one origin of everything random in a world: a generator, or a tape of decisions that a fuzzer can cut
// and bend. An exhausted tape yields zero, everywhere the least disruptive choice.
type source struct {
	generator *rand.PCG
	tape      []byte
	external  func() float64 // see RunWithDraws
}

func seeded(seed uint64) source { return source{generator: rand.NewPCG(seed, 0x616c66)} }

// seededLater is another source of the same seed; see drawLater.
func seededLater(seed uint64) source { return source{generator: rand.NewPCG(seed, 0x6c61746572)} }

func taped(tape []byte) source { return source{tape: tape} }

func (s *source) uint64() uint64 {
	if s.generator != nil {
		return s.generator.Uint64()
	}
	if s.external != nil {
		return uint64(s.external()*(1<<53)) << 11
	}
	var word [8]byte
	n := copy(word[:2], s.tape) // two bytes a decision are fine enough, and keep tapes short
	s.tape = s.tape[n:]
	return uint64(binary.BigEndian.Uint16(word[:2])) << 48
}

// aside is another source, which follows from this one and takes nothing from it, so that what is drawn from it changes
// nothing else. A tape and an external source have no other.
func (s *source) aside(stream uint64) source {
	if s.generator == nil {
		return *s
	}
	state := *s.generator
	return source{generator: rand.NewPCG(state.Uint64(), stream)}
}

// float is in [0, 1).
func (s *source) float() float64 { return float64(s.uint64()>>11) / (1 << 53) }

// below is in [0, n).
func (s *source) below(n int) int { return int(s.float() * float64(n)) }

// chance is true with probability p.
func (s *source) chance(p float64) bool { return p > 0 && s.float() > 1-p }

// between is a duration in [from, to).
func (s *source) between(from, to time.Duration) time.Duration {
	return from + time.Duration(s.float()*float64(to-from))
}

// about is a duration from half of d to one and a half.
func (s *source) about(d time.Duration) time.Duration { return s.between(d/2, d+d/2) }

func pick[T any](s *source, from ...T) T { return from[s.below(len(from))] }
