package tally_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/demo/tally"
)

func TestHistogram_QuantilesAreTrueToThreePercent(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h tally.Histogram
	durations := make([]time.Duration, 10_000)
	for i := range durations {
		// Spread evenly over the magnitudes from 1 ns to 100 s.
		durations[i] = time.Duration(math.Pow(10, random.Float64()*11))
		h.Record(durations[i])
	}
	slices.Sort(durations)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999, 1} {
		exact := durations[int(math.Ceil(q*float64(len(durations))))-1]
		require.GreaterOrEqual(t, h.Quantile(q), exact)
		require.LessOrEqual(t, float64(h.Quantile(q)), float64(exact)*1.04)
	}
	require.Equal(t, durations[len(durations)-1], h.Max())
	require.EqualValues(t, len(durations), h.Count())
}

func TestHistogram_TheSmallestAndTheLargest(t *testing.T) {
	var h tally.Histogram
	require.Zero(t, h.Quantile(0.5))
	h.Record(-1)
	require.Zero(t, h.Quantile(1))
	h.Record(7)
	require.Equal(t, time.Duration(7), h.Quantile(1))
	require.Zero(t, h.Quantile(0.5))
	h.Record(math.MaxInt64)
	require.Equal(t, time.Duration(math.MaxInt64), h.Quantile(1))
	require.Equal(t, time.Duration(math.MaxInt64), h.Max())
}

func TestHistogram_IsCountedConcurrently(t *testing.T) {
	var h tally.Histogram
	var running sync.WaitGroup
	for g := range 8 {
		running.Go(func() {
			for i := range 1000 {
				h.Record(time.Duration(g*1000 + i))
			}
		})
	}
	running.Wait()
	require.EqualValues(t, 8000, h.Count())
	require.Equal(t, time.Duration(7999), h.Max())
}

func TestTally_Merges(t *testing.T) {
	var a, b, sum tally.Tally
	a.Served.Record(10, 1)
	a.Retried.Record(20, 5)
	b.Served.Record(30, 2)
	b.Refused.Record(40, 40)
	b.Failed.Add(1)
	sum.Merge(&a)
	sum.Merge(&b)
	require.EqualValues(t, 5, sum.Requests())
	require.EqualValues(t, 2, sum.Served.Count())
	require.Equal(t, time.Duration(30), sum.Served.Whole.Max())
	require.Equal(t, time.Duration(40), sum.Refused.Token.Max())
	require.EqualValues(t, 1, sum.Failed.Load())
	require.Equal(t, time.Duration(5), sum.LongestWait(), "of those that got a response")
}
