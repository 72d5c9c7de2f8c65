package sharing_test

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/sharing"
)

// The rules hold in every world (D11).
func TestD11_EveryRuleHoldsInEveryWorld(t *testing.T) {
	seeds := uint64(800)
	if testing.Short() || raceDetector {
		seeds = 150
	}
	for seed := range seeds {
		if _, err := sharing.Run(seed); err != nil {
			t.Fatal(err)
		}
	}
}

func calm(n int) sharing.Parameters {
	return sharing.Parameters{
		Duration: 10 * time.Second, Processes: n, Interval: 200 * time.Millisecond, Lifetime: time.Hour,
		Latency: 50 * time.Millisecond, StoreLatency: time.Millisecond,
	}
}

// A violation has the parameters of its world, drawn or not.
func TestViolation_HasTheParametersOfItsWorld(t *testing.T) {
	_, err := sharing.RunWith(1, calm(3), func(w *sharing.World) { w.At(time.Second, w.Break) })
	var v *sharing.Violation
	require.ErrorAs(t, err, &v)
	require.Equal(t, time.Second, v.At)
	require.Equal(t, calm(3), v.Parameters)
}

func TestD1_OneRequestForAllProcesses(t *testing.T) {
	for _, n := range []int{1, 2, 20, 500} {
		stats, err := sharing.RunWith(1, calm(n))
		require.NoError(t, err)
		require.Equal(t, 1, stats.Fetches, "%d processes", n)
		require.Zero(t, stats.Failed)
	}
}

// A token that is revoked under load is fetched once, and no request fails.
func TestD5_OneRequestReplacesARevokedToken(t *testing.T) {
	for _, n := range []int{2, 20, 200} {
		stats, err := sharing.RunWith(1, calm(n), func(w *sharing.World) { w.At(5*time.Second, w.Revoke) })
		require.NoError(t, err)
		require.Equal(t, 2, stats.Fetches, "%d processes", n)
		require.Zero(t, stats.Failed)
		require.Zero(t, stats.Unauthorized)
	}
}

// Tokens of 3 s for 12 s: no more requests than one process makes.
func TestD1_OneRequestPerLifetime(t *testing.T) {
	p := calm(1)
	p.Lifetime, p.Duration = 3*time.Second, 60*time.Second
	alone, err := sharing.RunWith(1, p)
	require.NoError(t, err)
	p.Processes = 50
	all, err := sharing.RunWith(1, p)
	require.NoError(t, err)
	t.Logf("one process %d, 50 processes %d, in 160 s", alone.Fetches, all.Fetches)
	require.LessOrEqual(t, all.Fetches, alone.Fetches*11/10)
	require.Zero(t, all.Failed)
}

// A process that dies or is stopped while it fetches costs one lease, and one more request (D7).
func TestD7_AProcessThatDiesWhileItFetches(t *testing.T) {
	for name, harm := range map[string]func(w *sharing.World, i int){
		"killed":  func(w *sharing.World, i int) { w.Kill(i) },
		"stopped": func(w *sharing.World, i int) { w.Stop(i, 4*time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			p := calm(20)
			p.Latency = 300 * time.Millisecond
			var hit bool
			stats, err := sharing.RunWith(1, p, func(w *sharing.World) {
				for at := time.Duration(0); at < time.Second; at += 10 * time.Millisecond {
					w.At(at, func() {
						if i := w.Fetching(); i >= 0 && !hit {
							hit = true
							harm(w, i)
						}
					})
				}
			})
			require.NoError(t, err)
			require.True(t, hit)
			require.LessOrEqual(t, stats.Fetches, 2)
			require.Zero(t, stats.Failed)
			if name == "killed" { // else it is the stopped process's own
				require.Less(t, stats.Longest, 2500*time.Millisecond, "a lease and a fetch")
			}
		})
	}
}

// An outage of the endpoint costs all processes together what it costs one.
func TestD6_OneProbePerBackoff(t *testing.T) {
	outage := func(n int) sharing.Stats {
		stats, err := sharing.RunWith(1, calm(n), func(w *sharing.World) {
			w.EndpointDown(true)
			w.At(8*time.Second, func() { w.EndpointDown(false) })
		})
		require.NoError(t, err)
		return stats
	}
	one, many := outage(1), outage(200)
	t.Logf("one process %d, 200 processes %d", one.Fetches, many.Fetches)
	require.LessOrEqual(t, many.Fetches, 2*one.Fetches)
}

// So does one that begins with a revocation: the failure of the round that was made for a rejection binds the processes
// whose rejections come later, too (D6, M21).
func TestD6_OneProbePerBackoffAfterARevocation(t *testing.T) {
	outage := func(n int) sharing.Stats {
		stats, err := sharing.RunWith(1, calm(n), func(w *sharing.World) {
			w.At(2*time.Second, func() {
				w.EndpointDown(true)
				w.Revoke()
			})
			w.At(9*time.Second, func() { w.EndpointDown(false) })
		})
		require.NoError(t, err)
		return stats
	}
	one, many := outage(1), outage(200)
	t.Logf("one process %d, 200 processes %d", one.Fetches, many.Fetches)
	require.LessOrEqual(t, many.Fetches, 2*one.Fetches)
}

// A store that is down costs each process a request of its own, and no failure; when it is back, none (D4).
func TestD4_AStoreThatIsDown(t *testing.T) {
	stats, err := sharing.RunWith(1, calm(50), func(w *sharing.World) {
		w.At(3*time.Second, func() { w.StoreDown(true) })
		w.At(4*time.Second, w.Revoke)
		w.At(7*time.Second, func() { w.StoreDown(false) })
	})
	require.NoError(t, err)
	require.Zero(t, stats.Failed)
	require.LessOrEqual(t, stats.Fetches, 51)
	require.Less(t, stats.Longest, 400*time.Millisecond, "a fetch, and 150 ms")
	require.Positive(t, stats.Offered)
}

// A store that is emptied costs no request: a process hands in what it has.
func TestD4_AStoreThatIsEmptied(t *testing.T) {
	stats, err := sharing.RunWith(1, calm(50), func(w *sharing.World) { w.At(3*time.Second, w.Flush) })
	require.NoError(t, err)
	require.Equal(t, 1, stats.Fetches)
	require.Positive(t, stats.Offered)
}

// Clocks that are wrong by minutes matter to nothing (D8).
func TestD8_ClocksAreWrong(t *testing.T) {
	p := calm(20)
	p.Skew, p.Lifetime, p.Duration = 5*time.Minute, 10*time.Second, 30*time.Second
	stats, err := sharing.RunWith(1, p)
	require.NoError(t, err)
	require.Zero(t, stats.Failed)
	p.Skew = 0
	right, err := sharing.RunWith(1, p)
	require.NoError(t, err)
	require.LessOrEqual(t, stats.Fetches, right.Fetches+2)
}

// Lost pushes cost time only (D9).
func TestD9_LostPushes(t *testing.T) {
	p := calm(20)
	p.PushLost = 1
	stats, err := sharing.RunWith(1, p, func(w *sharing.World) { w.At(5*time.Second, w.Revoke) })
	require.NoError(t, err)
	require.Equal(t, 2, stats.Fetches)
	require.Zero(t, stats.Failed)
}

// Two processes and a store, in every order (D11). For more of it, set EXPLORE=large.
func TestD11_TwoProcessesInEveryOrder(t *testing.T) {
	depth := 9
	switch {
	case os.Getenv("EXPLORE") == "large":
		depth = 11 // some minutes
	case testing.Short() || raceDetector:
		depth = 7
	}
	states, err := sharing.Explore(depth)
	require.NoError(t, err)
	t.Logf("%d states, %d actions deep", states, depth)
	require.Greater(t, states, 5000)
}
