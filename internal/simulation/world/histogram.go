package world

import (
	"math/bits"
	"time"
)

// Each power of two is divided so finely that a quantile is less than 1/32 too long.
const (
	divisionBits = 5
	divisions    = 1 << divisionBits
)

// Histogram counts durations. Its zero value is ready; its size does not depend on their number.
type Histogram struct {
	counts [(64 - divisionBits) * divisions]int
	n      int
	max    time.Duration
}

// Record counts d, which must not be negative.
func (h *Histogram) Record(d time.Duration) {
	h.counts[bucket(uint64(d))]++
	h.n++
	h.max = max(h.max, d)
}

// Count is how many were recorded.
func (h *Histogram) Count() int { return h.n }

// Max is the longest, exactly; 0 if there is none.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is what a part q (0 to 1) of the durations does not exceed; 0 if there is none.
func (h *Histogram) Quantile(q float64) time.Duration {
	left := max(int(q*float64(h.n)+0.999999), 1)
	for b, count := range h.counts {
		if left -= count; left <= 0 {
			return min(longestIn(b), h.max)
		}
	}
	return 0
}

func bucket(v uint64) int {
	if v < divisions {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - divisionBits
	return shift*divisions + int(v>>shift)
}

func longestIn(b int) time.Duration {
	if b < divisions {
		return time.Duration(b)
	}
	shift := b/divisions - 1
	return time.Duration(uint64(b%divisions+divisions+1)<<shift - 1)
}
