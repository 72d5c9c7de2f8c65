package conformance_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/simulation/world"
)

// TestMain finds goroutines that outlive even the bubbles, none of which ends before its own have.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSameWorld_Scripted(t *testing.T) {
	for name, s := range scripted {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireSame(t, s.Plan, s.draw)
		})
	}
}

// TestSameWorld_ReachesWhatIsRare: worlds in which nothing rare happens would prove little.
func TestSameWorld_ReachesWhatIsRare(t *testing.T) {
	var reached world.Coverage
	for _, s := range scripted {
		reached.Add(&world.RunWithDraws(s.Plan, s.draw).Coverage)
	}
	for seed := range uint64(worlds) {
		reached.Add(&world.RunWithDraws(drawPlan(seed), seededDraw(seed)).Coverage)
	}
	require.ElementsMatch(t, []world.CoveragePoint{
		// What a bubble cannot do.
		world.CoverWithdrawnByTimerAlone, world.CoverWithdrawnByClockAlone, world.CoverStepBackInBackoff, world.CoverSleptThroughTheExpiry,
		// What an HTTP client, its fetcher and 16 different draws do not do.
		world.CoverSuppressedBeyond64,
		// Watchers, which the plans have none of.
		world.CoverWatcherWithoutToken, world.CoverSlowWatcher, world.CoverWatcherError, world.CoverWatchersLearnOfOutage,
		world.CoverUnattendedFetch,
		// Tokens from elsewhere: a client fetches for itself.
		world.CoverOffer, world.CoverOfferReleases, world.CoverRejectedOffer, world.CoverStaleFetch,
	}, reached.Missing())
}

// requireSame lets a plan happen in a pure world and, on either clock, for real, and compares all that can be seen.
func requireSame(t *testing.T, plan world.Plan, d draw) {
	t.Helper()
	pure := world.RunWithDraws(plan, d)
	require.Nil(t, pure.Violation)
	for _, mocked := range []bool{false, true} {
		seen := carryOut(t, course{plan: plan, draw: d, until: pure.Stats.Virtual, mocked: mocked})
		require.Empty(t, seen.panics)
		compare(t, pure, seen)
	}
}

func compare(t *testing.T, pure *world.Result, seen *seen) {
	t.Helper()
	wantEvents, wantCallers := divide(pure.Trace)
	var events []string
	for _, e := range seen.events {
		events = append(events, inWords(e, seen.begun).String())
	}
	if !slices.Equal(wantEvents, events) {
		t.Errorf("the managers' events differ:%s", sideBySide(wantEvents, events))
	}
	if want, got := inOrder(wantCallers), inOrder(seen.callers); !slices.Equal(want, got) {
		t.Errorf("what callers see differs:%s", sideBySide(want, got))
	}
	require.Equal(t, pure.Stats.Outcomes, seen.outcomes, "succeeded, retry succeeded, unauthorized, refused, left, closed")
	require.Equal(t, pure.Stats.Unauthorized, seen.kit.Unauthorized)
	require.Equal(t, pure.Stats.TokenFetches, seen.kit.TokenRequests)
	require.Equal(t, starts(wantEvents), microseconds(seen.starts), "when the endpoint was asked")
	if pure.Parameters.Stuck == 0 {
		require.LessOrEqual(t, seen.kit.MostAtOnce, 1, "M3: token requests at once")
	}
}

// inSomeWorlds looks, once, at what can be seen of the scripted worlds and of some that are drawn.
func inSomeWorlds(t *testing.T, look func(t *testing.T, seen *seen)) {
	t.Run("worlds", func(t *testing.T) { // returns when all of them are through
		for name, s := range scripted {
			visit(t, name, s.Plan, s.draw, look)
		}
		for seed := range uint64(20) {
			visit(t, fmt.Sprint(seed), drawPlan(seed), seededDraw(seed), look)
		}
	})
}

func visit(t *testing.T, name string, plan world.Plan, d draw, look func(t *testing.T, seen *seen)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		seen := carryOut(t, course{plan: plan, draw: d, until: plan.Duration + 5*minute, logged: true})
		require.Empty(t, seen.panics)
		look(t, seen)
	})
}
