package proxy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/proxy"
)

// TestX3_DrainingAndReloadsInEveryOrder visits small worlds to the end.
func TestX3_DrainingAndReloadsInEveryOrder(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("many states, and no goroutine that could race")
	}
	for _, world := range proxy.SmallWorlds() {
		t.Run(world.Name, func(t *testing.T) {
			t.Parallel()
			found, err := proxy.Explore(t.Context(), world, nil)
			require.NoError(t, err)
			if found.Violation != nil {
				t.Fatal(found.Violation)
			}
			t.Logf("%d states, %d transitions, %d events deep", found.States, found.Transitions, found.Depth)
			require.Greater(t, found.States, 1000)
		})
	}
}

func TestTheExplorerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	tired := errors.New("tired")
	cancel(tired)
	_, err := proxy.Explore(ctx, proxy.SmallWorlds()[0], nil)
	require.ErrorIs(t, err, tired)
}
