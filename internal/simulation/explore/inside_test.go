package explore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/explore"
)

// What a state is compared by is all that matters of it: going on from what is restored from a key leads to the same
// forever as going on from the state itself. That is what makes one visit to either of them enough.
func TestWalk_AKeyIsTheWholeState(t *testing.T) {
	walks := 100
	if testing.Short() || raceDetector {
		walks = 10
	}
	for _, w := range append(explore.Worlds(), explore.LargeWorlds()...) {
		t.Run(w.Name, func(t *testing.T) {
			for seed := range uint64(walks) {
				require.NoError(t, explore.Walk(w, seed, 200), "seed %d", seed)
			}
		})
	}
}

// A path is the shortest there is, and written so that people can follow it.
func TestPath_IsShortAndReadable(t *testing.T) {
	w := tiny()
	w.Responses = append(w.Responses, explore.Response{Kind: explore.Transient})
	require.Equal(t, []string{
		"        0s  a caller asks for a token: fetch 1 starts (cold start, attempt 1); reply: wait",
		"        0s  the fetch ends: a new token, expires in 10s: fetch 1 ends (ok); token 1 is published for 9s; 1 who waited get: the token",
		"     6.75s  time goes by",
		"     6.75s  a caller asks for Stats: fetch 2 starts (refresh, attempt 1)",
	}, explore.PathTo(w, "cause: refresh"))

	w.Origins = 1
	path := explore.PathTo(w, "rejection suppressed")
	require.Contains(t, path[len(path)-1], "API 1 rejects the token: guard goes up; rejection suppressed for ")
}
