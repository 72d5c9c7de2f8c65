package proxy_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	seeds = flag.Uint64("seeds", 0, "run this many worlds, each of a day, beside the busy one")
	first = flag.Uint64("first", 0, "with -seeds: the first seed")
)

// rare are events that have to occur in a busy world, or it proves less than it seems to.
var rare = []string{
	"a retry", "a retry that succeeded: reader", "a retry that succeeded: gRPC", "a retry that succeeded: slow upload", "a retry that succeeded: writer",
	"a 401 after 1 sends", "a caller's own Authorization", "a wait for a token", "a Retry-After", "served in an outage", "served over a restart", "restart",
	"revoked twice", "outage: no connection", "outage: 503", "outage: no response", "outage: 429", "APIs reject every token",
	"upstream down", "upstream slow", "failed: 401", "failed: no-token", "failed: upstream 502", "failed: upstream 504", "failed: upstream broken",
	"reload: nothing has changed", "reload: another secret", "an upload over a reload", "a token kept over a reload", "a retry that succeeded: upload over a reload",
	"an upload over a restart", "a retry that succeeded: upload over a restart", "reload: one more listener", "reload: one listener less", "reload: invalid",
	"refused: caller", "refused: browser", "refused: host", "refused: ambiguous", "refused: authorization", "refused: no-route",
}

// TestX1_X2_X3_ADayOfTheProxy: revocations, outages of the token endpoint, restarts of the proxy and of upstreams, and
// reloads, for 24 hours. No request fails that need not, no token or header goes where it does not belong, and nothing
// is left in the end.
func TestX1_X2_X3_ADayOfTheProxy(t *testing.T) {
	if raceDetector && *seeds == 0 {
		p := busy()
		p.duration /= 8
		check(t, run(t, 1, p))
		return
	}
	r := run(t, 1, busy())
	check(t, r)
	require.Empty(t, missing(r.coverage, rare), "never happened")
	t.Logf("%d requests, %d token requests, failures %v, goroutines %d to %d", r.requests, r.tokenRequests, r.failures, slices.Min(r.goroutines), slices.Max(r.goroutines))
}

// TestX1_X2_X3_ManyDaysOfTheProxy runs the worlds of -seeds.
func TestX1_X2_X3_ManyDaysOfTheProxy(t *testing.T) {
	if *seeds == 0 {
		t.Skip("one day is run without -seeds")
	}
	coverage, requests := make(map[string]int), 0
	for seed := *first; seed < *first+*seeds; seed++ {
		r := run(t, seed, drawParameters(rand.New(rand.NewPCG(seed, 0))))
		check(t, r)
		addAll(coverage, r.coverage)
		requests += r.requests
	}
	t.Logf("%d requests in %d days: %v", requests, *seeds, coverage)
	if *seeds >= 8 {
		require.Empty(t, missing(coverage, rare), "never happened")
	}
}

func check(t *testing.T, r result) {
	t.Helper()
	if r.violation != "" {
		t.Fatal(r.violation)
	}
	require.Greater(t, r.requests, 1000)
	// The number of goroutines is that of connections and of requests under way, and does not grow with the day.
	half := len(r.goroutines) / 2
	if half > 3 {
		require.LessOrEqual(t, slices.Max(r.goroutines[half:]), slices.Max(r.goroutines[:half])+20, "goroutines: %v", r.goroutines)
	}
}

// TestX3_MemoryDoesNotGrowWithRequestsAndReloads: the proxy keeps what its connections and its configuration need.
// In the last of three hours, with 1,000 requests and 10 reloads, the heap may grow by the bound, which is what it
// varies by: one entry of 64 bytes for each request is more, and so is one former configuration for each reload.
func TestX3_MemoryDoesNotGrowWithRequestsAndReloads(t *testing.T) {
	if raceDetector {
		t.Skip("takes ten times as long, and uses the same memory")
	}
	const bound = 64 << 10
	r := run(t, 3, steady())
	check(t, r)
	require.Empty(t, missing(r.coverage, []string{
		"reload: nothing has changed", "reload: another secret", "reload: one more listener", "reload: one listener less", "reload: invalid", "a retry",
		"failed: no-token", "failed: upstream 502", "failed: upstream 504", "refused: caller",
	}), "never happened")
	second, last := r.memory.third(1), r.memory.third(2)
	t.Logf("KiB in use: %d, %d, %d in the median of each hour", r.memory.third(0).live>>10, second.live>>10, last.live>>10)
	require.Greater(t, last.requests-second.requests, 1000)
	require.LessOrEqual(t, last.live-second.live, int64(bound), "from %d to %d bytes within %d requests", second.live, last.live, last.requests-second.requests)
}
