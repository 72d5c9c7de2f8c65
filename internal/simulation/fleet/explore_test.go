package fleet_test

import (
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
			found := fleet.Explore(world)
			if found.Violation != nil {
				t.Fatal(found.Violation)
			}
			t.Logf("%d states, %d transitions", found.States, found.Transitions)
			require.Greater(t, found.States, 100)
		})
	}
}
