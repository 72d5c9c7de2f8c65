package fleet_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/pool"
	"github.com/alf-go/alf/internal/simulation/fleet"
)

// TestE2_WorldsOfManyTokens runs seeds, each twice: no rule is broken, and both runs are the same.
func TestE2_WorldsOfManyTokens(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() || raceDetector { // a world has no goroutine that could race
		seeds = 40
	}
	var sum fleet.Stats
	for seed := range seeds {
		r := fleet.Run(seed, false)
		if r.Violation != nil {
			t.Fatal(r.Violation)
		}
		if seed%10 == 0 {
			require.Equal(t, r.Hash, fleet.Run(seed, false).Hash, "seed %d is not deterministic", seed)
		}
		sum.Add(&r.Stats)
	}
	t.Logf("%+v", sum)
	for name, n := range map[string]int{
		"served": sum.Served, "failed": sum.Failed, "refused": sum.Refused, "suspected": sum.Suspected, "on hold": sum.Held,
		"created": sum.Created, "evicted": sum.Evicted, "forgotten": sum.Forgotten, "pool full": sum.Full, "passed on": sum.PassedOn,
		"rejections": sum.Rejections, "watchers": sum.Watched,
	} {
		require.Positive(t, n, name)
	}
}

func TestE2_ScenariosCanBeRead(t *testing.T) {
	for _, name := range fleet.Names() {
		s, ok := fleet.Load(name)
		require.True(t, ok, name)
		require.NotEmpty(t, s.About)
		s.Parameters.Tokens, s.Parameters.Clients = 50, 50
		var report strings.Builder
		require.NoError(t, s.Run().Report(&report))
		require.Contains(t, report.String(), "5xx")
	}
	for content, says := range map[string]string{
		`{"tokens":1,"colour":2}`: "colour",
		`{"tokens":1}`:            "must be above 0",
		`{"tokens":1,"clients":1,"limit":1,"interval":"1s","lifetime":"1s","latency":"1s","duration":"1s","faults":[{"fault":"rain"}]}`: "rain",
	} {
		_, err := fleet.Parse([]byte(content))
		require.ErrorContains(t, err, says)
	}
}

// tenants is the world of the table: 5,000 tenants, a request every 5 s each.
func tenants() fleet.Parameters {
	return fleet.Parameters{
		Tokens: 5000, Clients: 5000, Limit: 64, Interval: 5 * time.Second, Lifetime: 5 * time.Minute, Latency: 50 * time.Millisecond,
		Duration: 15 * time.Minute,
	}
}

// TestE2_AnOutageWith5000Tenants: the endpoint is down for 10 minutes.
func TestE2_AnOutageWith5000Tenants(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("a million requests")
	}
	p := tenants()
	from, to := 4*time.Minute, 14*time.Minute
	p.Phases = []fleet.Phase{{From: from, To: to, Fault: fleet.Erroring}}
	r := fleet.RunWith(1, p)
	if r.Violation != nil {
		t.Fatal(r.Violation)
	}
	steady := 0
	for _, n := range r.Stats.Seconds[int(from/time.Second)+10 : int(to/time.Second)] {
		steady += n
	}
	perSecond := float64(steady) / (to - from - 10*time.Second).Seconds()
	last := 0
	for second, n := range r.Stats.Refusals {
		if n > 0 {
			last = second
		}
	}
	bound := p.Latency*3/2*time.Duration(p.Tokens)/time.Duration(p.Limit) + 10*time.Second
	t.Logf("%.2f token requests a second in the steady outage; the last caller failed %v after its end; all were served within %v more", perSecond, time.Duration(last)*time.Second-to, bound)
	require.LessOrEqual(t, perSecond, 1.0)
	require.LessOrEqual(t, time.Duration(last)*time.Second, to+11*time.Second, "only until the probe that succeeds")
	require.Less(t, r.Stats.Longest, bound+time.Second)
}

// TestP4_2000TargetsInAPoolThatIsTooSmall: half of them have a token at a time, the endpoint fails for a while, and for
// one of the two client ids it asks for a pause. No caller is lost, and every token goes to the target it is for.
func TestP4_2000TargetsInAPoolThatIsTooSmall(t *testing.T) {
	p := tenants()
	p.Tokens, p.Clients, p.Interval, p.Latency, p.Duration = 2000, 2, 30*time.Second, 20*time.Millisecond, 6*time.Minute
	p.Phases = []fleet.Phase{
		{From: time.Minute, To: 90 * time.Second, Fault: fleet.Erroring},
		{From: 2 * time.Minute, To: 3 * time.Minute, Fault: fleet.Throttling, Client: 1, RetryAfter: 30 * time.Second},
	}
	p.Pool = pool.Policy{MaxTokens: 1000, IdleTime: 2 * time.Minute}
	p.Rejections, p.Watchers, p.Churn = time.Second, 2*time.Second, 5*time.Second
	if testing.Short() || raceDetector {
		p.Duration = 2 * time.Minute
	}
	r := fleet.RunWith(3, p)
	if r.Violation != nil {
		t.Fatal(r.Violation)
	}
	s := &r.Stats
	t.Logf("served %d, failed %d, refused %d, pool full %d; created %d, evicted %d, forgotten %d; callers whose token left: %d; rejections %d, watchers %d",
		s.Served, s.Failed, s.Refused, s.Full, s.Created, s.Evicted, s.Forgotten, s.PassedOn, s.Rejections, s.Watched)
	require.Greater(t, s.Evicted, 1000)
	require.Greater(t, s.PassedOn, 100)
	require.Positive(t, s.Watched)
	require.Positive(t, s.Rejections)
}

// TestE1_5000ColdCallersInSimulatedTime at a healthy endpoint: none fails.
func TestE1_5000ColdCallersInSimulatedTime(t *testing.T) {
	for _, limit := range []int{16, 64} {
		p := tenants()
		p.Limit, p.Interval, p.Duration, p.Lifetime = limit, time.Second, time.Second, time.Hour
		r := fleet.RunWith(2, p)
		if r.Violation != nil {
			t.Fatal(r.Violation)
		}
		require.Zero(t, r.Stats.Failed+r.Stats.Refused)
		require.Equal(t, p.Tokens, r.Stats.Requests)
		t.Logf("%d in flight: the longest wait was %v", limit, r.Stats.Longest)
	}
}
