package tuning_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/tuning"
)

func TestX4_AsManyProcessorsAsTheWorkNeeds(t *testing.T) {
	for _, c := range []struct {
		now, most int
		used      float64
		want      int
	}{
		{1, 8, 0, 1},
		{1, 8, 0.79, 1},
		{1, 8, 0.95, 2},
		{2, 8, 0.95, 2}, // one alone would be full
		{2, 8, 0.49, 1},
		{2, 8, 1.9, 4},
		{4, 6, 3.9, 6},
		{6, 6, 6, 6},
		{6, 6, 1, 3},
		{3, 6, 0.9, 2},
		{8, 2, 0.1, 2}, // the limit of a container became less
		{1, 1, 1, 1},
	} {
		got := tuning.Processors(c.now, c.most, tuning.Load{Used: c.used, Left: math.Inf(1)})
		require.Equal(t, c.want, got, "%+v", c)
	}
}

func TestX4_NoMoreProcessorsThanOtherProcessesLeave(t *testing.T) {
	for _, c := range []struct {
		now, most  int
		used, left float64
		want       int
	}{
		{1, 2, 1, 1.9, 2},
		{1, 2, 1, 1.75, 2},
		{1, 2, 1, 1.7, 1},
		{2, 2, 1.5, 1.6, 2}, // between the two, it stays as it is
		{2, 2, 1.4, 1.4, 1},
		{2, 2, 1, 0, 1}, // one is always used
		{4, 8, 4, 6.5, 6},
		{8, 8, 3, 3.2, 3},
		{4, 4, 4, 60, 4}, // a container's limit on a large machine
		{8, 2, 1, 8, 2},
	} {
		got := tuning.Processors(c.now, c.most, tuning.Load{Used: c.used, Left: c.left})
		require.Equal(t, c.want, got, "%+v", c)
	}
}

// Any constant load ends at a number that stays.
func TestX4_ProcessorsSettle(t *testing.T) {
	lefts := []float64{0, 0.5, 1.2, 1.5, 1.74, 1.75, 2, 3.3, 7.6, 64, math.Inf(1)}
	for most := 1; most <= 64; most++ {
		for load := 0.0; load <= 64; load += 0.25 {
			for _, left := range lefts {
				for _, from := range []int{1, most} {
					now := from
					for range 20 {
						now = tuning.Processors(now, most, tuning.Load{Used: min(load, float64(now)), Left: left})
					}
					again := tuning.Processors(now, most, tuning.Load{Used: min(load, float64(now)), Left: left})
					if now != again || now < 1 || now > most || float64(now) > max(1, left+0.5) {
						require.Failf(t, "it does not settle", "load %v, left %v, at most %d: %d, then %d", load, left, most, now, again)
					}
					enough := now == most || load <= 0.81*float64(now) || float64(now) > left-0.75
					require.True(t, enough, "load %v on %d of at most %d, left %v", load, now, most, left)
				}
			}
		}
	}
}

func TestX4_TheCollectorGetsHeadroom(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct {
		now, want int
		live      uint64
	}{
		{100, 800, 0},
		{100, 800, 2 * mb},
		{100, 320, 20 * mb},
		{320, 320, 22 * mb}, // a small difference changes nothing
		{320, 160, 40 * mb},
		{320, 100, 500 * mb},
		{110, 100, 80 * mb},
		{100, 100, 80 * mb},
	} {
		require.Equal(t, c.want, tuning.GCPercent(c.now, c.live), "%+v", c)
	}
}
