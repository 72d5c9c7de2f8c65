package fleet_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/fleet"
)

// TestE2_TwoTokensInEveryOrder visits small worlds of two tokens and one endpoint to the end.
func TestE2_TwoTokensInEveryOrder(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("half a million states, and no goroutine that could race")
	}
	for _, world := range fleet.SmallWorlds() {
		t.Run(world.Name, func(t *testing.T) {
			t.Parallel()
			found, err := fleet.Explore(t.Context(), world, nil)
			require.NoError(t, err)
			if found.Violation != nil {
				t.Fatal(found.Violation)
			}
			t.Logf("%d states, %d transitions", found.States, found.Transitions)
			require.Greater(t, found.States, 100)
		})
	}
}

// TestP4_TwoKeysInEveryOrder visits small pools to the end.
func TestP4_TwoKeysInEveryOrder(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("many states, and no goroutine that could race")
	}
	for _, world := range fleet.SmallPools() {
		t.Run(world.Name, func(t *testing.T) {
			t.Parallel()
			found, err := fleet.ExplorePool(t.Context(), world, nil)
			require.NoError(t, err)
			if found.Violation != nil {
				t.Fatal(found.Violation)
			}
			t.Logf("%d states, %d transitions, %d events deep", found.States, found.Transitions, found.Depth)
			require.Greater(t, found.States, 100)
		})
	}
}

func TestExplorersEndWithTheirContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	cancel(tired)
	_, err := fleet.ExplorePool(ctx, fleet.SmallPools()[0], nil)
	require.ErrorIs(t, err, tired)
	_, err = fleet.Explore(ctx, fleet.SmallWorlds()[0], nil)
	require.ErrorIs(t, err, tired)
}
