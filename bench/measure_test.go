package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSample_QuantilesInterpolate(t *testing.T) {
	s := sample{4, 1, 3, 2}
	require.Equal(t, 2.5, s.median())
	require.Equal(t, 1.75, s.quantile(0.25))
	require.Equal(t, 4.0, s.quantile(1))
	require.InDelta(t, 0.6, s.spread(), 1e-9)
	require.Equal(t, sample{4, 1, 3, 2}, s, "the order of the rounds must stay")
}

func TestSample_RatiosAreTakenRoundByRound(t *testing.T) {
	// The second round was three times slower for all.
	require.Equal(t, sample{2, 2}, sample{20, 60}.over(sample{10, 30}))
}

func TestSample_IntervalHoldsTheMedianAndNarrows(t *testing.T) {
	var s sample
	for i := range 101 {
		s = append(s, float64(i))
	}
	low, high := s.interval()
	require.Equal(t, 40.0, low)
	require.Equal(t, 60.0, high)
	low, high = sample{2, 1}.interval()
	require.Equal(t, 1.0, low)
	require.Equal(t, 2.0, high)
}

func TestGoal_IsOpenOnlyWhileTheIntervalHoldsTheGoal(t *testing.T) {
	around := func(v float64) (s sample) {
		for i := range 101 {
			s = append(s, v+float64(i-50)/1000)
		}
		return s
	}
	for v, want := range map[float64]status{1: met, 1.1: met, 1.105: open, 1.2: missed} {
		var s section
		s.compare([]sample{around(0.5), around(v)}, 1.1, false, "", "")
		require.Equal(t, want, s.goals[0].status, v)
	}
	for v, want := range map[float64]status{1: met, 0.975: open, 0.9: missed} {
		var s section
		s.compare([]sample{around(v), around(2)}, 0.98, true, "", "")
		require.Equal(t, want, s.goals[0].status, v)
	}
}

func TestInterleave_EveryContestantRunsInEveryRoundAndTheOrderRotates(t *testing.T) {
	var order string
	run := func(name string, cost float64) trial {
		return func() float64 { order += name; return cost }
	}
	steps := 0
	samples := interleave(3, func(int, int) { steps++ }, run("a", 1), run("b", 2), run("c", 3))
	require.Equal(t, "abcbcacab", order)
	require.Equal(t, []sample{{1, 1, 1}, {2, 2, 2}, {3, 3, 3}}, samples)
	require.Equal(t, 9, steps)
}

func TestDistinguishable_SeparatesShiftedSamplesFromEqualOnes(t *testing.T) {
	a := sample{1, 2, 3, 4, 5, 6, 7, 8, 9}
	require.Equal(t, 1.0, distinguishable(a, a))
	require.Greater(t, distinguishable(a, sample{1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5}), 0.3)
	require.Less(t, distinguishable(a, sample{11, 12, 13, 14, 15, 16, 17, 18, 19}), 0.001)
	require.Equal(t, 1.0, distinguishable(sample{5, 5}, sample{5, 5}))
}

func TestAllocated_CountsWhatAFunctionAllocates(t *testing.T) {
	var kept []byte
	bytes, allocations := allocated(1000, func(n int) {
		for range n {
			kept = make([]byte, 1024)
		}
	})
	require.Len(t, kept, 1024)
	require.EqualValues(t, 1024, bytes)
	require.EqualValues(t, 1, allocations)
}

func TestHistogram_QuantilesAreWithinAPercentAndTheLongestIsExact(t *testing.T) {
	var a, b histogram
	for i := range 10_000 {
		h := &a
		if i%2 == 0 {
			h = &b
		}
		h.record(time.Duration(i+1) * time.Microsecond)
	}
	a.merge(&b)
	require.EqualValues(t, 10_000, a.count)
	require.Equal(t, 10*time.Millisecond, a.longest)
	require.InEpsilon(t, float64(5*time.Millisecond), float64(a.quantile(0.5)), 0.02)
	require.InEpsilon(t, float64(9999*time.Microsecond), float64(a.quantile(0.9999)), 0.02)
	require.Equal(t, time.Duration(0), (&histogram{}).quantile(0.5))
}

func TestHistogram_BucketsAreInOrderAndHoldWhatTheySay(t *testing.T) {
	for bucket := 1; bucket < 50*64; bucket++ {
		require.Less(t, floorOf(bucket-1), floorOf(bucket))
		require.Equal(t, bucket, bucketOf(uint64(floorOf(bucket))))
	}
	require.Less(t, bucketOf(1<<63-1), len(histogram{}.buckets))
}
