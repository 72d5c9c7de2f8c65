package tally

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Buckets are logarithmic, each power of two divided into as many linear ones as keep the error below 1/32.
const (
	divisionBits = 5
	divisions    = 1 << divisionBits
	buckets      = (64 - divisionBits) * divisions
)

// Histogram counts durations in memory that does not grow with them. Its zero value is ready, and all methods are safe
// for concurrent use.
type Histogram struct {
	counts [buckets]atomic.Uint64
	max    atomic.Int64
}

// Record counts d; a negative one counts as 0.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	h.counts[bucketOf(d)].Add(1)
	for {
		m := h.max.Load()
		if int64(d) <= m || h.max.CompareAndSwap(m, int64(d)) {
			return
		}
	}
}

// Count is how many durations were recorded.
func (h *Histogram) Count() uint64 {
	var n uint64
	for i := range h.counts {
		n += h.counts[i].Load()
	}
	return n
}

// Max is the longest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Quantile is the duration that a part q (from 0 to 1) of those recorded does not exceed, 3 % too long at most. It is 0
// if nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	n := h.Count()
	if n == 0 {
		return 0
	}
	rank := max(uint64(q*float64(n)+0.999999), 1)
	var seen uint64
	for i := range h.counts {
		if seen += h.counts[i].Load(); seen >= rank {
			return min(upperEdge(i), h.Max())
		}
	}
	return h.Max()
}

// Merge adds what other has counted.
func (h *Histogram) Merge(other *Histogram) {
	for i := range other.counts {
		if n := other.counts[i].Load(); n > 0 {
			h.counts[i].Add(n)
		}
	}
	if longest := other.Max(); longest > h.Max() {
		h.max.Store(int64(longest))
	}
}

func bucketOf(d time.Duration) int {
	v := uint64(d)
	if v < divisions {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - divisionBits
	return (shift+1)*divisions + int(v>>shift) - divisions
}

func upperEdge(bucket int) time.Duration {
	if bucket < divisions {
		return time.Duration(bucket)
	}
	shift := bucket/divisions - 1
	return time.Duration((uint64(bucket%divisions+divisions+1) << shift) - 1)
}
