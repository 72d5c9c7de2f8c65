package endpoint_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/endpoint"
)

func TestE2_WhatOneClientIDMeetsAffectsNoOther(t *testing.T) {
	d := newDriver(t, 64, 1, 2)
	for range 5 {
		d.want(1, 1)
		d.fails(1)
	}
	d.take()
	d.want(2, 2)
	require.Equal(t, tickets{2}, d.take())
	require.Empty(t, d.refused)
	d.ends(2, endpoint.Works)
	d.want(1, 1)
	d.fails(1)
	d.want(3, 2)
	d.fails(3)
	d.want(4, 2)
	require.Contains(t, d.refused, endpoint.Ticket(4), "two have met trouble, with no success in between")
}

func TestE2_ASuccessInBetween(t *testing.T) {
	for name, o := range map[string]struct {
		outcome endpoint.Outcome
		suspect bool
	}{"a success": {endpoint.Works, false}, "a fetch that was cancelled": {endpoint.NoEvidence, true}} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t, 64, 1, 2, 3)
			d.want(3, 3)
			d.want(1, 1)
			d.fails(1)
			d.ends(3, o.outcome)
			d.want(2, 2)
			d.fails(2)
			d.take()
			d.want(4, 3)
			require.Equal(t, o.suspect, len(d.refused) > 0)
		})
	}
}

func TestE2_AllInUseIfFewerThanTwo(t *testing.T) {
	d := newDriver(t, 64, 1, 1)
	d.want(1, 1)
	d.fails(1)
	d.take()
	d.want(2, 1)
	require.Empty(t, d.take())
	require.Equal(t, endpoint.ServerError, d.refused[2].Outcome)
	require.Equal(t, 503, d.refused[2].Status)
	require.Equal(t, 375*time.Millisecond, d.refused[2].For)
}

// TestE2_OneClientsTroubleIsNotTheNextOnes: what made the endpoint suspect while one client id alone was in use does
// not hold for one that joins.
func TestE2_OneClientsTroubleIsNotTheNextOnes(t *testing.T) {
	d := newDriver(t, 64, 1, 1)
	d.want(1, 1)
	d.fails(1)
	d.take()
	d.want(2, 1)
	require.Contains(t, d.refused, endpoint.Ticket(2))
	d.step(endpoint.Input{Kind: endpoint.Attach, Client: 2})
	d.want(3, 2)
	require.Equal(t, tickets{2, 3}, d.take())
	d.fails(2)
	d.want(4, 2)
	require.Equal(t, tickets{4}, d.take())
	d.fails(4)
	d.want(5, 1)
	require.Empty(t, d.take(), "two have met trouble now")
}

// TestE2_OneProbePerBackoff: while the endpoint fails, whatever wants a fetch, there is one per backoff, and the
// backoff doubles up to 10 s while callers ask.
func TestE2_OneProbePerBackoff(t *testing.T) {
	d := newDriver(t, 64, 1, 2)
	d.suspect()
	var probes []time.Duration
	begin := d.now
	for ticket := endpoint.Ticket(1); d.now.Sub(begin) < 2*time.Minute; ticket++ {
		d.want(ticket%50+1, uint64(ticket%2)+1)
		for _, g := range d.take() {
			probes = append(probes, d.now.Sub(begin))
			d.want(500, 1)
			require.Positive(t, d.refused[500].For, "a caller does not wait for the probe")
			d.step(endpoint.Input{Kind: endpoint.Withdraw, Ticket: 500})
			d.fails(g)
			require.Empty(t, d.take())
		}
		d.pass(10 * time.Millisecond)
	}
	require.Len(t, probes, 19)
	for i, want := range []time.Duration{375, 750, 1500, 3000, 6000, 7500, 7500} {
		gap := probes[i]
		if i > 0 {
			gap -= probes[i-1]
		}
		require.InDelta(t, want*time.Millisecond, gap, float64(20*time.Millisecond), "gap %d", i)
	}
}

func TestE2_AProbeThatNoCallerWaitsForMayComeLater(t *testing.T) {
	d := newDriver(t, 64, 1, 2)
	d.suspect()
	d.refresh(1, 1)
	n := 0
	for begin := d.now; d.now.Sub(begin) < 10*time.Minute; d.pass(100 * time.Millisecond) {
		for _, g := range d.take() {
			n++
			d.fails(g)
			d.refresh(1, 1)
		}
	}
	require.Less(t, n, 22, "0.5 s doubling to a minute")
	require.Greater(t, n, 12)
	require.Empty(t, d.refused)
}

func TestE2_ASuccessClearsSuspicion(t *testing.T) {
	d := newDriver(t, 64, 1, 2, 3)
	d.want(77, 3) // a slow one, from before
	d.suspect()
	for i := range endpoint.Ticket(10) {
		d.want(i+1, 1)
		d.refresh(i+100, 2)
	}
	require.Len(t, d.refused, 10)
	require.Empty(t, d.take())
	d.ends(77, endpoint.Works)
	granted := d.take()
	require.Len(t, granted, 20)
	for i, ticket := range granted {
		require.Equal(t, i < 10, ticket < 100, "E3: tokens that callers want come first")
	}
	require.Empty(t, d.lifted, "what is granted need not be notified")
	d.want(50, 3)
	require.Equal(t, tickets{50}, d.take())
}

// TestE1_AfterRecoveryCallersMayWaitAgain: who was refused and is not granted yet learns that waiting helps again.
func TestE1_AfterRecoveryCallersMayWaitAgain(t *testing.T) {
	d := newDriver(t, 2, 1, 2, 3)
	d.suspect()
	for i := range endpoint.Ticket(6) {
		d.want(i+1, uint64(i%3)+1)
	}
	require.Len(t, d.refused, 6)
	d.pass(time.Hour)
	probe := d.take()
	require.Len(t, probe, 1)
	d.want(9, 1)
	require.Contains(t, d.refused, endpoint.Ticket(9))
	d.ends(probe[0], endpoint.Works)
	require.Len(t, d.take(), 2)
	require.Equal(t, tickets{9}, d.lifted, "the others' refusal is over by itself")
}

// TestE2_Verification: a failure that passes at once refuses no caller: the attempts that are left of the round that
// met it are made first, one at a time.
func TestE2_Verification(t *testing.T) {
	fail := func(d *driver, ticket endpoint.Ticket) {
		d.step(endpoint.Input{Kind: endpoint.Ended, Ticket: ticket, Outcome: endpoint.NotConnected, Retry: true})
	}
	d := newDriver(t, 64, 1, 1)
	d.want(1, 1)
	fail(d, 1)
	d.take()
	d.want(2, 1)
	d.want(3, 1)
	require.Empty(t, d.take())
	require.Empty(t, d.refused, "callers wait, as for an attempt of their own round")
	d.pass(100 * time.Millisecond)
	require.Equal(t, tickets{2}, d.take())
	fail(d, 2)
	d.pass(199 * time.Millisecond)
	require.Empty(t, d.take())
	d.pass(time.Millisecond)
	require.Equal(t, tickets{3}, d.take())

	d.want(4, 1)
	fork := *d
	fork.core = endpoint.FromKey(endpoint.Policy{MaxInFlight: 64}, d.core.AppendKey(nil))
	fork.now = time.Unix(0, 0).UTC()
	fork.ends(3, endpoint.Works)
	require.Equal(t, tickets{4}, fork.take())

	fail(d, 3)
	require.Contains(t, d.refused, endpoint.Ticket(4), "that was the third attempt")
}

func TestE2_ManualRefreshesDoNotWaitForTheBackoff(t *testing.T) {
	d := newDriver(t, 64, 1, 2)
	d.suspect()
	d.want(1, 1)
	for i := range endpoint.Ticket(3) {
		d.step(endpoint.Input{Kind: endpoint.Want, Ticket: i + 10, Client: 1, Manual: true, Urgent: true})
	}
	require.Equal(t, tickets{10}, d.take(), "M20, and still one at a time")
	d.fails(10)
	require.Equal(t, tickets{11}, d.take())
	d.ends(11, endpoint.Works)
	require.Len(t, d.take(), 2)
}

func TestE2_AThrottledClientIDIsOnHold(t *testing.T) {
	d := newDriver(t, 64, 1, 2)
	d.want(1, 1)
	d.step(endpoint.Input{Kind: endpoint.Ended, Ticket: 1, Outcome: endpoint.Works, Status: 429, Throttled: true, RetryAfter: 5 * time.Minute})
	d.take()
	for i := range endpoint.Ticket(200) {
		d.want(i+1, 1)
	}
	d.refresh(500, 1)
	require.Empty(t, d.take())
	require.Len(t, d.refused, 200)
	require.Equal(t, endpoint.Refusal{Ticket: 7, For: 5 * time.Minute, Outcome: endpoint.Works, Status: 429, Throttled: true}, d.refused[7])
	d.want(1000, 2)
	require.Equal(t, tickets{1000}, d.take(), "no other client id is")
	d.ends(1000, endpoint.Works)
	d.pass(5*time.Minute - 1)
	require.Empty(t, d.take())
	d.pass(1)
	require.Equal(t, tickets{1}, d.take(), "one shows whether the pause was long enough")
	d.step(endpoint.Input{Kind: endpoint.Ended, Ticket: 1, Outcome: endpoint.Works, Status: 429, Throttled: true, RetryAfter: time.Hour})
	d.pass(10*time.Minute - 1)
	require.Empty(t, d.take())
	d.pass(1)
	got := d.take()
	require.Len(t, got, 1, "10 minutes at most")
	d.ends(got[0], endpoint.Works)
	require.Len(t, d.take(), 64)
}

func TestE2_A429WithoutRetryAfterIsAShortHold(t *testing.T) {
	d := newDriver(t, 64, 1, 1)
	var gaps []time.Duration
	d.want(1, 1)
	for range 8 {
		d.take()
		d.step(endpoint.Input{Kind: endpoint.Ended, Ticket: 1, Outcome: endpoint.Works, Status: 429, Throttled: true})
		begin := d.now
		d.want(1, 1)
		for len(d.granted) == 0 {
			d.pass(time.Millisecond)
		}
		gaps = append(gaps, d.now.Sub(begin))
	}
	require.Equal(t, 375*time.Millisecond, gaps[0])
	require.Equal(t, 7500*time.Millisecond, gaps[7])
}

// TestE2_ATokenAloneDecidesForItself: a single token shares nothing, so M8 to M10 alone decide when it is fetched; but
// what was learned holds for the next one that joins.
func TestE2_ATokenAloneDecidesForItself(t *testing.T) {
	for name, in := range map[string]endpoint.Input{
		"trouble":  {Outcome: endpoint.ServerError, Status: 503},
		"throttle": {Outcome: endpoint.Works, Status: 429, Throttled: true, RetryAfter: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t, 64, 1)
			in.Kind, in.Ticket = endpoint.Ended, 1
			for range 5 {
				d.want(1, 1)
				require.Equal(t, tickets{1}, d.take())
				d.step(in)
			}
			d.step(endpoint.Input{Kind: endpoint.Attach, Client: 1})
			d.want(2, 1)
			require.Empty(t, d.take())
			require.Contains(t, d.refused, endpoint.Ticket(2))
			d.step(endpoint.Input{Kind: endpoint.Detach, Client: 1})
			require.Equal(t, tickets{2}, d.take(), "it is alone again")
		})
	}
}
