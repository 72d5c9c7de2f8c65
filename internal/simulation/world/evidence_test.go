package world_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/world"
)

// evidenceRow is a scenario of M13's table, over one hour, and what it may cost at most.
type evidenceRow struct {
	name    string
	plan    world.Plan
	fetches int           // that reach the token endpoint
	wait    time.Duration // of a caller for a token
	// revoked is how many 401s may be returned because a token was revoked between the fetch and the retry.
	revoked int
	// oneActive says that the manager has to report a server with one active token per client.
	oneActive bool
}

// anHour is an hour at an endpoint whose tokens outlive it.
func anHour(change func(p *world.Plan)) world.Plan {
	p := world.Plan{Parameters: world.Parameters{
		Duration: hour, Processes: 1, APIs: 1,
		Lifetime: 24 * hour, Latency: 100 * ms, API: 10 * ms,
	}}
	change(&p)
	return p
}

// perSecond is the traffic of so many requests a second to some paths of the first API.
func perSecond(rate float64, first, paths int) world.Traffic {
	every := time.Duration(float64(second) / rate)
	return world.Traffic{First: first, Paths: paths, Every: every, Spread: every / 10}
}

func evidenceRows() (rows []evidenceRow) {
	add := func(r evidenceRow) { rows = append(rows, r) }
	const fetch = 150 * ms             // at most
	const twice = 2 * (second + fetch) // a request may wait for its token, and after its 401 for the next one
	for _, paths := range []int{5, 10_000} {
		add(evidenceRow{
			name: fmt.Sprintf("every path always 401, 200 requests/s, %d paths", paths), fetches: 66, wait: twice,
			plan: anHour(func(p *world.Plan) {
				p.AlwaysReject = true
				p.Traffic = []world.Traffic{perSecond(200, 0, paths)}
			}),
		})
	}
	for _, every := range []time.Duration{1300 * ms, 5 * second, 20 * second, 45 * second} {
		for _, rate := range []float64{5, 200} {
			plan := anHour(func(p *world.Plan) { p.Traffic = []world.Traffic{perSecond(rate, 0, 5)} })
			for at := every; at < hour; at += every {
				plan.Actions = append(plan.Actions, world.Action{At: at, Do: world.Revoke})
			}
			add(evidenceRow{
				name: fmt.Sprintf("revoked every %v, every retry accepted, %v requests/s", every, rate), plan: plan,
				fetches: len(plan.Actions) + 1, wait: twice, revoked: 20,
			})
		}
	}
	for _, rate := range []float64{1 / 5.5, 5, 200} {
		name, most := fmt.Sprintf("%v requests/s", rate), 7200+2 // and a cold start each
		traffic := []world.Traffic{perSecond(rate, 0, 5), perSecond(rate, 0, 5)}
		if rate < 1 {
			name, most = "a request each every 5 to 6 s", 1300
			traffic[0].Spread, traffic[1].Spread = second/2, second/2
		}
		traffic[1].Process = 1
		add(evidenceRow{
			name: "two processes, one active token, " + name, fetches: most, wait: second + fetch, oneActive: true, revoked: 20,
			plan: anHour(func(p *world.Plan) { p.Processes, p.OneActive, p.Traffic = 2, true, traffic }),
		})
	}
	for _, rate := range []float64{0.5, 5, 200} {
		for _, paths := range []int{1, 5, 10_000} {
			add(evidenceRow{
				name: fmt.Sprintf("1 of 3 replicas rejects every token, %v requests/s, %d paths", rate, paths), fetches: 90, wait: twice,
				plan: anHour(func(p *world.Plan) {
					p.BadReplicas = 1. / 3
					p.Traffic = []world.Traffic{perSecond(rate, 0, paths)}
				}),
			})
		}
	}
	for _, denied := range []int{1, 20} {
		for _, rate := range []float64{2, 200} {
			for _, others := range []float64{10, 100} {
				add(evidenceRow{
					name:    fmt.Sprintf("no permission for %d paths, polled %v times/s, beside %v requests/s; one revocation", denied, rate, others),
					fetches: 68, wait: twice,
					plan: anHour(func(p *world.Plan) {
						p.DeniedPaths = denied
						p.Traffic = []world.Traffic{perSecond(rate, 0, denied), perSecond(others, denied, 20)}
						p.Actions = []world.Action{{At: 31 * minute, Do: world.Revoke}}
					}),
				})
			}
		}
	}
	return rows
}

// TestM13_EvidenceTable measures every scenario of M13's table. No 401 is returned that a fetch would have avoided.
func TestM13_EvidenceTable(t *testing.T) {
	if testing.Short() || raceDetector { // a world runs on one goroutine
		t.Skip("30 hours of traffic")
	}
	rows := evidenceRows()
	lines := make([]string, len(rows))
	t.Run("rows", func(t *testing.T) {
		for i, row := range rows {
			t.Run(row.name, func(t *testing.T) {
				t.Parallel()
				result, recording := world.Record(context.Background(), 1, row.plan, world.Look{})
				s := &result.Stats
				lines[i] = fmt.Sprintf("%-92s %9d %9d %9d %9d %9v", row.name, recording.Sum.Requests, s.Avoidable, s.RevokedBetween, s.TokenFetches, recording.Waits.Max().Round(ms))
				require.NoError(t, violation(result))
				require.NotZero(t, recording.Sum.Requests)
				require.Zero(t, s.Avoidable, "401s returned that a fetch would have avoided")
				require.LessOrEqual(t, s.RevokedBetween, row.revoked, "401s of retries")
				require.LessOrEqual(t, s.TokenFetches, row.fetches, "fetches")
				require.True(t, !row.oneActive || s.OneActive > 0, "an event that names the store")
				require.LessOrEqual(t, recording.Waits.Max(), row.wait, "longest wait for a token")
			})
		}
	})
	t.Logf("%-92s %9s %9s %9s %9s %9s\n%s", "scenario", "requests", "avoidable", "revoked", "fetches", "wait", strings.Join(lines, "\n"))
}

func violation(r *world.Result) error {
	if r.Violation == nil {
		return nil
	}
	return r.Violation
}
