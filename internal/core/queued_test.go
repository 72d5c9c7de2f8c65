package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

func newQueuedDriver(t *testing.T) *driver {
	return &driver{T: t, core: core.NewQueued(core.Policy{}.WithDefaults()), now: start}
}

// admits lets the fetch start that waits.
func (d *driver) admits() core.Effects {
	return d.step(core.Input{Kind: core.Admitted, Flight: d.last.Flight})
}

// TestE1_TheTimeOfAnAttemptStartsWhenTheAttemptDoes: nothing limits how long a fetch waits for its admission.
func TestE1_TheTimeOfAnAttemptStartsWhenTheAttemptDoes(t *testing.T) {
	d := newQueuedDriver(t)
	require.Equal(t, core.Wait, d.get())
	require.True(t, d.last.Enqueue && d.last.Urgent && d.last.New)
	require.False(t, d.last.Fetch || d.last.Armed)
	flight := d.last.Flight
	for range 100 {
		e := d.pass(time.Minute)
		require.Equal(t, core.None, e.Release)
	}
	e := d.step(core.Input{Kind: core.Admitted, Flight: flight})
	require.True(t, e.Fetch)
	require.Equal(t, 5*time.Second, d.core.Left(e.Wake), "the attempt has its whole time")
	require.True(t, d.pass(5*time.Second).Cancel)
	e = d.fails(core.Result{})
	require.True(t, e.Freed)
	require.True(t, d.core.Retrying())
	require.True(t, d.pass(100*time.Millisecond).Enqueue, "the second attempt waits too")
	d.flight = d.last.Flight
	d.pass(time.Hour)
	e = d.step(core.Input{Kind: core.Admitted, Flight: d.flight})
	require.Equal(t, 4900*time.Millisecond, d.core.Left(e.Wake), "10 s in all, without the time in the queue")
	e = d.brings(time.Hour)
	require.Equal(t, core.Serve, e.Release)
	require.Equal(t, d.now, e.Publication.Start, "a lifetime counts from the request")
}

func TestE2_RefusedCallersFailAtOnce(t *testing.T) {
	d := newQueuedDriver(t)
	d.get()
	flight := d.last.Flight
	e := d.step(core.Input{Kind: core.Refuse, Flight: flight, For: 3 * time.Second})
	require.Equal(t, core.Failed, e.Release)
	require.Equal(t, core.Failure{Kind: core.Refused, Next: d.now.Add(3 * time.Second)}, e.Failure)
	require.Equal(t, core.Failed, d.get(), "and so do those that come later")
	require.False(t, d.last.Promote)
	d.pass(3 * time.Second)
	require.Equal(t, core.Wait, d.get())
	require.True(t, d.last.Promote && d.last.Urgent, "then the endpoint is asked again")
	require.Equal(t, flight, d.last.Flight, "for the same fetch")
	d.step(core.Input{Kind: core.Refuse, Flight: flight, For: time.Minute})
	require.Equal(t, core.Failed, d.get())
	e = d.step(core.Input{Kind: core.Refuse, Flight: flight})
	require.Equal(t, core.Wait, d.get(), "the endpoint works again, so callers wait for their admission")
	d.step(core.Input{Kind: core.Refuse, Flight: flight, For: time.Minute})
	e = d.step(core.Input{Kind: core.Admitted, Flight: flight})
	require.True(t, e.Fetch)
	require.Equal(t, core.Wait, d.get(), "and of course for a fetch that has started")
	require.Equal(t, core.Serve, d.brings(time.Hour).Release)
}

func TestE2_ARefusalDisturbsNoUsableToken(t *testing.T) {
	d := newQueuedDriver(t)
	d.get()
	d.admits()
	d.brings(1000 * time.Second)
	d.get()
	e := d.pass(800 * time.Second)
	require.True(t, e.Enqueue)
	require.False(t, e.Urgent || e.New)
	flight := e.Flight
	e = d.step(core.Input{Kind: core.Refuse, Flight: flight, For: time.Minute})
	require.Equal(t, core.None, e.Release)
	require.Equal(t, core.Serve, d.get())
	e = d.pass(190 * time.Second)
	require.True(t, e.Withdraw)
	require.True(t, e.Unqueue, "no caller wants the successor of a token that is gone")
	require.Equal(t, core.Wait, d.get())
	require.True(t, d.last.Enqueue && d.last.Urgent)
}

func TestE3_CallersMakeARefreshUrgent(t *testing.T) {
	d := newQueuedDriver(t)
	d.get()
	d.admits()
	d.brings(1000 * time.Second)
	d.get()
	d.pass(800 * time.Second)
	flight := d.last.Flight
	e := d.step(core.Input{Kind: core.Invalidate, Current: true, Origin: 1, Wait: true})
	require.Equal(t, core.Wait, e.Reply)
	require.True(t, e.Promote && e.Urgent)
	require.Equal(t, flight, e.Flight)
	e = d.step(core.Input{Kind: core.Refuse, Flight: flight, For: time.Minute})
	require.Equal(t, core.Failed, e.Release)
	e = d.step(core.Input{Kind: core.Invalidate, Current: true, Origin: 2, Wait: true})
	require.Equal(t, core.Suppressed, e.Reply, "M21: nothing is acted on in a backoff")
	e = d.step(core.Input{Kind: core.Refresh, Wait: true})
	require.True(t, e.Promote && e.Manual, "M20")
	require.Equal(t, core.Wait, e.Reply)
}

func TestE1_WhatEndsWhileAFetchWaits(t *testing.T) {
	t.Run("Close", func(t *testing.T) {
		d := newQueuedDriver(t)
		d.get()
		flight := d.last.Flight
		e := d.step(core.Input{Kind: core.Close})
		require.True(t, e.Unqueue && e.Ended)
		require.False(t, e.Cancel)
		require.Equal(t, core.Shut, e.Release)
		require.True(t, d.step(core.Input{Kind: core.Admitted, Flight: flight}).Decline, "an admission that crossed it is returned")
	})
	t.Run("abandoned", func(t *testing.T) {
		d := newQueuedDriver(t)
		d.get()
		d.admits()
		d.pass(5 * time.Second)
		require.True(t, d.pass(5*time.Second).Freed, "M15: it is in flight no longer")
	})
}

// TestE4_TheWholeWidthOfTheJitter: refresh times spread over all that M4 leaves of the jitter, and not most of them at
// its last moment.
func TestE4_TheWholeWidthOfTheJitter(t *testing.T) {
	refreshAfter := func(draw float64, took time.Duration) time.Duration {
		c := core.NewQueued(core.Policy{}.WithDefaults())
		now := start
		c.Step(now, draw, core.Input{Kind: core.Get})
		c.Step(now, draw, core.Input{Kind: core.Admitted, Flight: 1})
		now = now.Add(took)
		e := c.Step(now, draw, core.Input{Kind: core.Fetched, Flight: 1, Result: core.Result{OK: true, Expiry: start.Add(100 * time.Second)}})
		return e.Publication.RefreshTime.Sub(start)
	}
	for took, want := range map[time.Duration][2]time.Duration{
		0:                {58500 * time.Millisecond, 76500 * time.Millisecond},
		4 * time.Second:  {58500 * time.Millisecond, 76500 * time.Millisecond},
		10 * time.Second: {58500 * time.Millisecond, 70 * time.Second},
		15 * time.Second: {58500 * time.Millisecond, 60 * time.Second},
		30 * time.Second: {45 * time.Second, 45 * time.Second},
	} {
		require.Equal(t, want, [2]time.Duration{refreshAfter(0, took), refreshAfter(1, took)}, "a fetch took %v", took)
	}
}
