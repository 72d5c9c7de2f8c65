package hunt_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/simulation/hunt"
	"github.com/alf-go/alf/internal/simulation/world"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAHuntSeesTheSameHoweverManyWorkersThereAre(t *testing.T) {
	run := func(workers int) *hunt.Result {
		r, err := hunt.Run(t.Context(), hunt.Options{First: 100, Seeds: 12, Workers: workers, Once: workers == 3})
		require.NoError(t, err)
		return r
	}
	alone, together := run(1), run(4)
	require.EqualValues(t, 12, alone.Seeds)
	require.EqualValues(t, 24, alone.Runs)
	require.Equal(t, 2*alone.Stats.Events, alone.Events, "every world runs twice")
	require.Equal(t, alone.Stats, together.Stats)
	require.Equal(t, alone.Coverage, together.Coverage)
	require.Positive(t, alone.PerSecond())

	once := run(3)
	require.EqualValues(t, 12, once.Runs)
	require.Equal(t, alone.Stats, once.Stats)
}

// made is a world that was not run: its trace is given.
func made(seed uint64, keep bool, hash uint64, trace ...string) *world.Result {
	r := &world.Result{Seed: seed, Hash: hash, Stats: world.Stats{Events: 1}}
	if keep {
		r.Trace = trace
	}
	return r
}

func TestAHuntEndsWithTheLowestSeedThatFails(t *testing.T) {
	for workers := range 4 {
		r, err := hunt.Run(t.Context(), hunt.Options{First: 5, Seeds: 1 << 40, Workers: workers + 1,
			Run: func(seed uint64, keep bool) *world.Result {
				r := made(seed, keep, 1)
				if seed >= 42 {
					r.Violation = &world.Violation{Seed: seed, Rule: "M3", Text: "two at once"}
				}
				return r
			}})
		require.NoError(t, err)
		require.NotNil(t, r.Failure)
		require.EqualValues(t, 42, r.Failure.Seed)
		require.Contains(t, r.Failure.Error(), "M3 is broken: two at once")
		require.GreaterOrEqual(t, r.Seeds, uint64(38))
	}
}

func TestAHuntShowsWhereTwoTracesPart(t *testing.T) {
	var runs atomic.Uint64
	hunted := func(second ...string) *hunt.Difference {
		r, err := hunt.Run(t.Context(), hunt.Options{Seeds: 3, Workers: 1, Run: func(seed uint64, keep bool) *world.Result {
			n := runs.Add(1)
			if seed == 1 && n%2 == 0 {
				return made(seed, keep, n, second...)
			}
			return made(seed, keep, 7, "a", "b", "c")
		}})
		require.NoError(t, err)
		require.NotNil(t, r.Failure)
		require.Nil(t, r.Failure.Violation)
		return r.Failure.Difference
	}
	require.Equal(t, &hunt.Difference{Seed: 1, Line: 2, First: "b", Second: "x"}, hunted("a", "x", "c"))
	shorter := hunted("a", "b")
	require.Equal(t, &hunt.Difference{Seed: 1, Line: 3, First: "c"}, shorter)
	require.Contains(t, shorter.Error(), "(the trace ends)")
	require.Contains(t, hunted("a", "b", "c").Error(), "did not do so again")
}

func TestAHuntEndsWithItsContext(t *testing.T) {
	tired := errors.New("tired")
	ctx, cancel := context.WithCancelCause(t.Context())
	r, err := hunt.Run(ctx, hunt.Options{Seeds: 1 << 40, Workers: 2, Once: true,
		Run:      func(seed uint64, keep bool) *world.Result { return made(seed, keep, 1) },
		Progress: func(done uint64) { cancel(tired) },
	})
	require.ErrorIs(t, err, tired)
	require.Positive(t, r.Seeds)
	require.Less(t, r.Seeds, uint64(100))
}

func TestAHuntReportsProgress(t *testing.T) {
	var done []uint64
	_, err := hunt.Run(t.Context(), hunt.Options{Seeds: 5, Workers: 1, Once: true,
		Run:      func(seed uint64, keep bool) *world.Result { return made(seed, keep, 1) },
		Progress: func(n uint64) { done = append(done, n) },
	})
	require.NoError(t, err)
	require.True(t, slices.Equal([]uint64{1, 2, 3, 4, 5}, done), fmt.Sprint(done))
}

func TestAHuntRefusesWhatMakesNoSense(t *testing.T) {
	_, err := hunt.Run(t.Context(), hunt.Options{})
	require.ErrorContains(t, err, "Options.Seeds is 0")
	_, err = hunt.Run(t.Context(), hunt.Options{First: 1<<64 - 1, Seeds: 2})
	require.ErrorContains(t, err, "Options.First is too large")
}

func TestALowerSeedThatFailsLaterIsTheResult(t *testing.T) {
	higherFailed := make(chan struct{})
	r, err := hunt.Run(t.Context(), hunt.Options{First: 42, Seeds: 2, Workers: 2,
		Run: func(seed uint64, keep bool) *world.Result {
			if seed == 42 {
				<-higherFailed
			}
			r := made(seed, keep, 1)
			r.Violation = &world.Violation{Seed: seed, Rule: "M3"}
			return r
		},
		Progress: func(done uint64) {
			if done == 1 {
				close(higherFailed)
			}
		},
	})
	require.NoError(t, err)
	require.EqualValues(t, 42, r.Failure.Seed)
}
