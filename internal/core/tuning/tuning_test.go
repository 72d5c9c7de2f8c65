package tuning_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/tuning"
)

func TestX4_AsManyProcessorsAsTheWorkNeeds(t *testing.T) {
	const tick = 100 * time.Millisecond
	for _, c := range []struct {
		now, most int
		used      float64 // processors' worth
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
		got := tuning.Processors(c.now, c.most, time.Duration(c.used*float64(tick)), tick)
		require.Equal(t, c.want, got, "%+v", c)
	}
	require.Equal(t, 2, tuning.Processors(1, 4, time.Second, 0), "no time has passed")
}

// Any constant load ends at a number that stays.
func TestX4_ProcessorsSettle(t *testing.T) {
	const tick = 100 * time.Millisecond
	for most := 1; most <= 64; most++ {
		for load := 0.0; load <= 64; load += 0.25 {
			for _, from := range []int{1, most} {
				now := from
				for range 20 {
					now = tuning.Processors(now, most, time.Duration(min(load, float64(now))*float64(tick)), tick)
				}
				again := tuning.Processors(now, most, time.Duration(min(load, float64(now))*float64(tick)), tick)
				require.Equal(t, now, again, "load %v, of at most %d", load, most)
				require.GreaterOrEqual(t, now, 1)
				require.LessOrEqual(t, now, most)
				require.True(t, now == most || load <= 0.81*float64(now), "load %v on %d of at most %d", load, now, most)
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
