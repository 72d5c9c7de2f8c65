package explore_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/explore"
	"github.com/alf-go/alf/manager"
)

// counted is a world with what its search is known to find. Another number is no mistake in itself: the core decides
// otherwise somewhere, or the world or what it is judged by was changed. The author of that change records the new one.
type counted struct {
	states, transitions, depth int
}

var recorded = map[string]counted{
	"callers":                           {61376, 586273, 107},
	"outage":                            {37327, 350836, 208},
	"useless":                           {14583, 150146, 61},
	"rejected":                          {1442, 13549, 16},
	"rejected in an outage":             {67907, 468095, 26},
	"contested":                         {17317, 121673, 16},
	"evidence":                          {10502, 121266, 26},
	"evidence of two":                   {136591, 1478236, 21},
	"paths":                             {31492, 539780, 18},
	"corrected credentials":             {2818, 20090, 19},
	"longer lives":                      {9424, 67553, 17},
	"longer lives of a contested token": {70763, 475533, 19},
	"longest settings":                  {504, 6991, 14},
	"shortest settings":                 {1228, 13300, 16},
	"mixed":                             {136310, 1027731, 24},
	"stubborn":                          {97581, 851459, 96},
	"stubborn and rejected":             {199303, 1779575, 47},
	"clock":                             {8913, 65298, 30},
	"watched":                           {4601, 44557, 31},
	"watched in an outage":              {4109, 33685, 25},
	"watched and rejected":              {5142, 31179, 14},
	"watched and stubborn":              {41147, 342040, 136},
	"offered":                           {46019, 609527, 103},
	"offered and rejected":              {39579, 424392, 19},
	"offered and stubborn":              {29534, 314674, 41},
	"jitter":                            {6680, 75617, 43},
	"defaults":                          {3339, 20681, 84},
}

// quick is how many transitions a world may have to be visited where time is short.
const quick = 100_000

// Every rule that is checked holds in every state of the small worlds, and all of them are visited. The rules are M1 to
// M10, M12 to M18, M20 to M22, F4 and D, that everyone gets one reply, that nothing panics and that callers are served
// again once the faults have ended; each is named where it is checked.
func TestExplore_SmallWorldsToTheEnd(t *testing.T) {
	seen := make(map[string]int)
	var skipped bool
	results := make(chan explore.Result, len(explore.Worlds()))
	t.Run("worlds", func(t *testing.T) {
		for _, w := range explore.Worlds() {
			want, ok := recorded[w.Name]
			require.True(t, ok, "no counts recorded of world %q", w.Name)
			if (testing.Short() || raceDetector) && want.transitions > quick {
				skipped = true
				continue
			}
			t.Run(w.Name, func(t *testing.T) {
				t.Parallel()
				r := visit(t, w)
				require.Equal(t, want, counted{r.States, r.Transitions, r.Depth}, "states, transitions, depth")
				results <- r
			})
		}
	})
	if t.Failed() || skipped {
		return
	}
	close(results)
	for r := range results {
		for what, n := range r.Seen {
			seen[what] += n
		}
	}
	for _, what := range required {
		require.Positive(t, seen[what], "never reached: %s", what)
	}
}

// required are what the small worlds have to reach between them for their silence to mean anything.
var required = []string{
	"cause: cold start", "cause: refresh", "cause: expired", "cause: rejected", "cause: manual", "cause: retry",
	"class: ok", "class: expired on arrival", "class: transient", "class: permanent",
	"fetch abandoned", "late result dropped", "becomes idle", "rejection accepted", "rejection suppressed", "backs off", "closed",
	"reply: the token", "reply: wait", "reply: the failure", "reply: done", "reply: suppressed", "reply: closed",
	"released: the token", "released: the expired token", "released: the failure", "released: closed",
	"an API rejects the token", "an API rejects an older token", "an API accepts a retry", "an API rejects a retry",
	"an API accepts a first send", "an API accepts a first send of some time ago", "guard goes up", "corrected credentials lift the backoff",
	"reply: wait, or the token", "reply: too short", "a caller wants a token that remains valid for longer", "an abandoned fetch returns", "a caller who waits gives up", "the clock is stepped forward", "the clock is stepped back",
	"the refresh hint is received", "the published token's timer is received",
	"cause: shared", "class: stale", "a token comes from elsewhere", "a rejected token comes from elsewhere",
	"a watcher joins", "a watcher looks", "a watcher leaves", "watchers learn: the token", "watchers learn: the failure", "watchers learn: closed",
}

// Worlds that take minutes, on demand: EXPLORE=large go test -timeout 0 -run Large ./internal/simulation/explore
func TestExplore_LargeWorlds(t *testing.T) {
	if os.Getenv("EXPLORE") != "large" {
		t.Skip("set EXPLORE=large to visit them")
	}
	for _, w := range explore.LargeWorlds() {
		t.Run(w.Name, func(t *testing.T) { visit(t, w) })
	}
}

func visit(t *testing.T, w explore.World) explore.Result {
	t.Helper()
	start := time.Now()
	r, err := explore.Explore(t.Context(), w, nil)
	took := time.Since(start)
	require.NoError(t, err)
	t.Logf("%d states, %d transitions, %d deep, in %v: %.0f transitions a second",
		r.States, r.Transitions, r.Depth, took.Round(time.Millisecond), float64(r.Transitions)/took.Seconds())
	if r.Violation != nil {
		require.NoError(t, r.Violation)
	}
	return r
}

func world(t *testing.T, name string) explore.World {
	t.Helper()
	for _, w := range explore.Worlds() {
		if w.Name == name {
			return w
		}
	}
	require.Fail(t, "no world of that name", name)
	return explore.World{}
}

// tiny is a world that takes no time to visit.
func tiny() explore.World {
	return explore.World{Name: "tiny", Callers: 1, Responses: []explore.Response{{Kind: explore.New, Lifetime: 10 * time.Second}}}
}

func TestExplore_IsDeterministic(t *testing.T) {
	first, err := explore.Explore(t.Context(), tiny(), nil)
	require.NoError(t, err)
	second, err := explore.Explore(t.Context(), tiny(), nil)
	require.NoError(t, err)
	require.Equal(t, first, second)
	require.Equal(t, "tiny", first.World)
	require.Positive(t, first.States)
	require.Greater(t, first.Transitions, first.States)
}

// A search that is given up says why, and what it has found so far.
func TestExplore_EndsWithItsContext(t *testing.T) {
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var reported []int
	r, err := explore.Explore(ctx, world(t, "mixed"), func(states int) {
		if reported = append(reported, states); len(reported) == 3 {
			cancel(enough)
		}
	})
	require.ErrorIs(t, err, enough)
	require.Nil(t, r.Violation)
	require.Len(t, reported, 3)
	require.Equal(t, 1, reported[0], "the beginning")
	require.Greater(t, reported[2], reported[1])
	require.GreaterOrEqual(t, r.States, reported[2])
}

func TestExplore_BoundedByItsFetches(t *testing.T) {
	var before int
	for n := 1; n <= 3; n++ {
		w := tiny()
		w.Fetches = n
		r := visit(t, w)
		require.Greater(t, r.States, before)
		before = r.States
	}
}

func TestExplore_RefusesWorldsThatMakeNoSense(t *testing.T) {
	_, err := explore.Explore(t.Context(), explore.World{
		Callers:    9,
		Origins:    -1,
		Fetcher:    7,
		Fetches:    -1,
		Draws:      []float64{2},
		ClockSteps: 1,
		Policy:     manager.Policy{Attempts: -1},
	}, nil)
	for _, field := range []string{
		"World.Callers", "World.Origins", "World.Responses", "World.Fetcher", "World.Fetches", "World.Draws[0]", "World.ClockStep:",
		"Policy.Attempts",
	} {
		require.ErrorContains(t, err, field)
	}
	w := tiny()
	w.Responses = append(w.Responses, explore.Response{})
	_, err = explore.Explore(t.Context(), w, nil)
	require.ErrorContains(t, err, "World.Responses[1]")
}

func TestViolation_SaysHowToGetThere(t *testing.T) {
	v := &explore.Violation{Rule: "M3", Text: "a second fetch starts", Path: []string{"0s  one", "1s  two"}}
	require.EqualError(t, v, "rule M3 is broken: a second fetch starts\n  0s  one\n  1s  two")
}
