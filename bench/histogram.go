package main

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets that are 1/64 wide, relative to what they hold, so that millions of them cost
// nothing to record. Its zero value is empty. It belongs to one goroutine until they are merged.
type histogram struct {
	buckets [64 * 64]uint64
	count   uint64
	longest time.Duration
}

const fine = 6 // bits of a duration that tell buckets apart

func (h *histogram) record(d time.Duration) {
	h.count++
	h.longest = max(h.longest, d)
	h.buckets[bucketOf(uint64(max(d, 0)))]++
}

func bucketOf(v uint64) int {
	if v < 1<<fine {
		return int(v)
	}
	shift := bits.Len64(v) - fine - 1
	return (shift+1)<<fine + int(v>>shift) - 1<<fine
}

// floorOf is the least duration in a bucket.
func floorOf(bucket int) time.Duration {
	if bucket < 1<<fine {
		return time.Duration(bucket)
	}
	shift := bucket>>fine - 1
	return time.Duration(uint64(bucket&(1<<fine-1)+1<<fine) << shift)
}

func (h *histogram) merge(other *histogram) {
	for i, n := range other.buckets {
		h.buckets[i] += n
	}
	h.count += other.count
	h.longest = max(h.longest, other.longest)
}

// quantile is the duration that a part q of all did not exceed.
func (h *histogram) quantile(q float64) time.Duration {
	want := uint64(q * float64(h.count))
	var seen uint64
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen > want {
			return min(floorOf(i), h.longest)
		}
	}
	return h.longest
}
