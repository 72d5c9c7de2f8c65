package world_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/world"
)

// service is a small service whose faults the actions are.
func service(change func(k *world.Parameters), actions ...world.Action) world.Plan {
	k := world.Parameters{
		Duration: hour, Processes: 1, Callers: 50, Interval: 10 * second, APIs: 1,
		Lifetime: 10 * minute, Latency: 100 * ms, API: 10 * ms,
	}
	if change != nil {
		change(&k)
	}
	return world.Plan{Parameters: k, Actions: actions}
}

// race records a plan under every policy.
func race(t *testing.T, plan world.Plan) (alf, locked, uncached *world.Recording) {
	t.Helper()
	var all []*world.Recording
	for _, policy := range world.Policies() {
		result, recording := world.Record(t.Context(), 1, plan, world.Look{Policy: policy})
		require.Nil(t, result.Violation)
		require.Equal(t, policy, recording.Policy)
		require.Equal(t, plan.Duration, recording.Ended)
		require.LessOrEqual(t, recording.Sum.Ended(), recording.Sum.Requests)
		all = append(all, recording)
	}
	return all[0], all[1], all[2]
}

func failed(r *world.Recording) int { return r.Sum.Requests - got(r) - open(r) }
func open(r *world.Recording) int   { return r.Sum.Requests - r.Sum.Ended() }
func got(r *world.Recording) int {
	return r.Sum.Outcomes[world.Succeeded] + r.Sum.Outcomes[world.RetrySucceeded]
}

func TestEveryPolicyMeetsTheSameCallersAndFaults(t *testing.T) {
	plan := service(func(k *world.Parameters) {
		k.APIs, k.Burst, k.Revocations, k.Sleeps = 3, 20, 10*minute, true
		k.Outage, k.Troubles = 2*minute, []world.Trouble{world.Refusing, world.Denying}
	}, world.Action{At: 20 * minute, Do: world.Revoke}, world.Action{At: 40 * minute, Do: world.Arrive, Count: 100})
	alf, locked, uncached := race(t, plan)
	require.Equal(t, alf.Faults, locked.Faults)
	require.Equal(t, alf.Faults, uncached.Faults)
	require.NotEmpty(t, alf.Faults)
	// A caller that waits beyond its next request's time begins that one later, so it is the beginnings that agree, and
	// their sum all except for the end.
	require.Equal(t, alf.Samples[0].Requests, uncached.Samples[0].Requests)
	require.InDelta(t, alf.Sum.Requests, locked.Sum.Requests, 60)
	require.InDelta(t, alf.Sum.Requests, uncached.Sum.Requests, 60)
}

func TestNoCacheAsksBeforeEachRequest(t *testing.T) {
	alf, locked, uncached := race(t, service(nil))
	require.Equal(t, uncached.Sum.Requests, uncached.Sum.Started)
	require.Less(t, alf.Sum.Started, 12)
	require.Less(t, locked.Sum.Started, 8)
	require.Zero(t, failed(alf)+failed(locked)+failed(uncached))
	require.Zero(t, alf.Waits.Quantile(0.99), "who comes later finds a token")
	require.GreaterOrEqual(t, uncached.Waits.Quantile(0.01), 50*ms, "everybody waits")
}

// With a time-out of 5 s a request, a queue at the lock moves once in 5 s.
func TestALockOverTheFetchQueuesItsCallers(t *testing.T) {
	hangs := world.Action{At: 9 * minute, Do: world.Outage, For: 5 * minute, Trouble: world.Hanging}
	alf, locked, _ := race(t, service(nil, hangs))
	require.Equal(t, 49, locked.Sum.Waiting-1, "all 50 callers stand in line")
	require.Greater(t, locked.Sum.Longest, 3*minute)
	require.Less(t, alf.Sum.Longest, 11*second)
	timedOut := locked.Sum.Fetches[world.FetchTimedOut]
	require.InDelta(t, (14*minute-590*second)/(5*second), timedOut, 1, "one after the other, from the margin until the outage ends")
	require.Equal(t, timedOut, locked.Sum.Outcomes[world.Refused], "each for one caller")
}

func TestALockOverTheFetchRemembersNoFailure(t *testing.T) {
	down := world.Action{At: 5 * minute, Do: world.Outage, For: 30 * minute, Trouble: world.Denying}
	alf, locked, _ := race(t, service(nil, down))
	require.Greater(t, locked.Sum.Fetches[world.FetchDenied], 5000, "one for each request")
	require.Less(t, alf.Sum.Fetches[world.FetchDenied], 50, "one in a minute")
}

func TestALockOverTheFetchCannotBeLeft(t *testing.T) {
	impatient := func(k *world.Parameters) { k.Patience, k.Latency = second, 4*second }
	alf, locked, uncached := race(t, service(impatient))
	require.Greater(t, locked.Sum.Outcomes[world.Left], 0)
	require.Greater(t, locked.Sum.Longest, 2*second, "beyond every caller's deadline")
	require.LessOrEqual(t, alf.Sum.Longest, 1500*ms)
	require.LessOrEqual(t, uncached.Sum.Longest, 1500*ms)
	require.Equal(t, uncached.Sum.Ended(), uncached.Sum.Outcomes[world.Left], "no fetch is quick enough for a request of its own")
}

func TestAFixedMarginFetchesEveryTimeForShortTokens(t *testing.T) {
	short := func(k *world.Parameters) { k.Lifetime, k.Latency = 10*second, 0 }
	alf, locked, _ := race(t, service(short))
	require.Equal(t, locked.Sum.Requests, locked.Sum.Started)
	require.Less(t, alf.Sum.Started, int(hour/(4*second)))
}

func TestBaselinesDoNotActOn401(t *testing.T) {
	revoked := world.Action{At: 5 * minute, Do: world.Revoke}
	alf, locked, uncached := race(t, service(nil, revoked))
	require.Greater(t, locked.Sum.Outcomes[world.Unauthorized], 1000, "until the token expires")
	require.Equal(t, locked.Sum.Unauthorized, locked.Sum.Outcomes[world.Unauthorized])
	require.Zero(t, locked.Sum.Outcomes[world.RetrySucceeded])
	require.LessOrEqual(t, uncached.Sum.Unauthorized, 2, "those that were on their way")
	require.Positive(t, alf.Sum.Outcomes[world.RetrySucceeded])
	require.Zero(t, failed(alf))
}

func TestAReplayIsTheWorldItself(t *testing.T) {
	for seed := range uint64(20) {
		run := world.Run(seed, false)
		replay, recording := world.Replay(t.Context(), seed, world.Look{Keep: true})
		require.Equal(t, run.Hash, replay.Hash, "looking on changes nothing")
		require.Equal(t, run.Stats, replay.Stats)
		require.NotEmpty(t, replay.Trace)
		require.LessOrEqual(t, recording.Sum.Started, run.Stats.TokenFetches)
		require.LessOrEqual(t, recording.Sum.Unauthorized, run.Stats.Unauthorized)
	}
}

func TestARecordingIsTheSameEveryTime(t *testing.T) {
	plan := service(func(k *world.Parameters) { k.Slow, k.Late = 0.2, 0.1 })
	for _, policy := range world.Policies() {
		first, a := world.Record(t.Context(), 7, plan, world.Look{Policy: policy})
		second, b := world.Record(t.Context(), 7, plan, world.Look{Policy: policy})
		require.Equal(t, first.Hash, second.Hash)
		require.Equal(t, a, b)
	}
}

func TestARecordingHasTheLifetimesOfTokens(t *testing.T) {
	plan := service(nil, world.Action{At: 5 * minute, Do: world.Revoke})
	_, r := world.Record(t.Context(), 1, plan, world.Look{})
	require.Equal(t, r.Sum.Fetches[world.FetchNewToken], len(r.Lifetimes))
	for i, l := range r.Lifetimes {
		require.Less(t, l.Published, l.RefreshTime)
		require.LessOrEqual(t, l.RefreshTime, l.EffectiveExpiry)
		require.Less(t, l.EffectiveExpiry, l.Expiry)
		require.LessOrEqual(t, l.Until, l.EffectiveExpiry)
		if l.Rejected {
			require.InDelta(t, (5 * minute).Seconds(), l.Until.Seconds(), 1)
		} else if i+1 < len(r.Lifetimes) {
			require.Equal(t, l.Until, r.Lifetimes[i+1].Published, "its successor takes its place")
		}
	}
	require.True(t, slices.ContainsFunc(r.Lifetimes, func(l world.Lifetime) bool { return l.Rejected }))
	require.Equal(t, []world.Fault{{Span: world.Span{From: 5 * minute, To: 5 * minute}, Process: -1, Text: "all tokens revoked"}}, r.Faults)

	short := service(func(k *world.Parameters) { k.Lifetime = 10 * second }, world.Action{At: 30 * minute, Do: world.Revoke})
	_, r = world.Record(t.Context(), 1, short, world.Look{})
	require.Equal(t, world.Span{From: 30*minute - 50*second, To: 30*minute + 250*second}, r.Focus, "around what happens")
	require.Less(t, len(r.Lifetimes), 100)
}

func TestARecordingIsBounded(t *testing.T) {
	busy := service(func(k *world.Parameters) { k.Processes, k.Lifetime = 8, 5*second; k.Revocations = second })
	_, r := world.Record(t.Context(), 1, busy, world.Look{})
	require.LessOrEqual(t, len(r.Samples), 361)
	require.Empty(t, r.Fetches, "too many to be listed one by one")
	require.LessOrEqual(t, len(r.Lifetimes), 1000)
	require.LessOrEqual(t, len(r.Faults), 500)
	ended := 0
	for _, n := range r.Sum.Fetches {
		ended += n
	}
	require.InDelta(t, r.Sum.Started, ended, 8)
}

func TestARecordingEndsWithItsContext(t *testing.T) {
	for _, policy := range world.Policies() {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		result, r := world.Record(ctx, 1, service(nil), world.Look{Policy: policy, Progress: func(now time.Duration) {
			if now > 30*minute {
				cancel()
			}
		}})
		require.Nil(t, result.Violation)
		require.Less(t, r.Ended, 31*minute)
	}
}

func TestAHistogramErrsByLittle(t *testing.T) {
	var h world.Histogram
	require.Zero(t, h.Quantile(0.5))
	for i := range 1000 {
		h.Record(time.Duration(i+1) * ms)
	}
	require.Equal(t, 1000, h.Count())
	require.Equal(t, second, h.Max())
	require.Equal(t, second, h.Quantile(1))
	for _, q := range []float64{0.01, 0.25, 0.5, 0.99} {
		exact := time.Duration(q*1000) * ms
		require.GreaterOrEqual(t, h.Quantile(q), exact)
		require.LessOrEqual(t, h.Quantile(q), exact+exact/32)
	}
	var small world.Histogram
	for _, d := range []time.Duration{0, 1, 31, 32, 33, 1 << 62} {
		small.Record(d)
	}
	require.Zero(t, small.Quantile(0.1))
	require.Equal(t, time.Duration(1<<62), small.Quantile(1))
}
