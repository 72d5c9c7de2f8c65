package core_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

// offers is a token from elsewhere, whose request was started so long ago.
func (d *driver) offers(age, life time.Duration) core.Effects {
	begun := d.now.Add(-age)
	return d.step(core.Input{Kind: core.Offered, Start: begun, Result: core.Result{OK: true, Expiry: begun.Add(life), RefreshIn: life / 2}})
}

// class is that of the fetch which ended in the last step.
func (d *driver) class() core.Class {
	for _, e := range d.last.Events[:d.last.N] {
		if e.Kind == core.FetchEnded {
			return e.Class
		}
	}
	return 0
}

func TestD1_AnOfferedTokenIsPublished(t *testing.T) {
	d := newDriver(t, core.Policy{})
	e := d.offers(10*time.Second, 110*time.Second)
	require.True(t, e.Publish)
	require.False(t, e.Fetch)
	require.Equal(t, core.CauseShared, e.Events[0].Cause)
	require.Equal(t, 90*time.Second, e.Publication.EffectiveExpiry.Sub(d.now), "a lifetime counts from the start of the request")
	require.Equal(t, 90*time.Second, e.Publication.Life)
	require.Equal(t, 46*time.Second, e.Publication.RefreshTime.Sub(d.now), "a little later than where it was fetched")
	require.Equal(t, core.Serve, d.get())
}

func TestD1_AnOfferedTokenReleasesTheRound(t *testing.T) {
	d := newDriver(t, core.Policy{})
	require.Equal(t, core.Wait, d.get())
	e := d.offers(0, time.Hour)
	require.Equal(t, core.Serve, e.Release)
	require.True(t, e.Cancel, "the fetch in flight is not wanted any more")
	require.True(t, d.core.State().Fetching, "and stays in flight until it returns (M3)")

	e = d.brings(2 * time.Hour)
	require.True(t, e.Late)
	require.True(t, e.Freed)
	require.False(t, e.Publish, "its token is older, whatever its lifetime")
	require.Equal(t, core.ClassStale, d.class())
	require.Equal(t, core.Serve, d.get())
}

func TestD1_AStaleFetchIsNoFailure(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.offers(0, time.Hour)
	e := d.fails(core.Result{Permanent: true})
	require.Equal(t, core.ClassStale, d.class())
	require.Equal(t, core.NoFailure, e.Failure.Kind)
	require.False(t, d.core.BackingOff())
}

// A rejection that comes while the stale fetch has not returned is served by the next one (M12).
func TestD5_AStaleFetchServesNoRejection(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.offers(0, time.Hour)
	stale := d.flight
	require.Equal(t, core.Wait, d.step(core.Input{Kind: core.Invalidate, Origin: 1, Current: true, Wait: true}).Reply)
	require.False(t, d.last.Fetch, "one at a time (M3)")
	e := d.brings(time.Hour)
	require.True(t, e.Fetch)
	require.NotEqual(t, stale, d.flight)
	require.Equal(t, core.None, e.Release)
	require.Equal(t, core.Serve, d.brings(time.Hour).Release)
}

func TestD4_WhatIsNotAdopted(t *testing.T) {
	held := func(t *testing.T) *driver {
		d := newDriver(t, core.Policy{})
		d.get()
		d.brings(time.Hour)
		return d
	}
	offer := func(d *driver, change func(in *core.Input)) {
		d.Helper()
		in := core.Input{Kind: core.Offered, Start: d.now, Result: core.Result{OK: true, Expiry: d.now.Add(time.Hour)}}
		change(&in)
		e := d.step(in)
		require.False(d, e.Publish)
		require.Zero(d, e.N, "nothing happens")
	}
	t.Run("rejected here", func(t *testing.T) { offer(held(t), func(in *core.Input) { in.Rejected = true }) })
	t.Run("expired", func(t *testing.T) {
		offer(held(t), func(in *core.Input) { in.Result.Expiry = in.Start.Add(-time.Second) })
	})
	t.Run("contested", func(t *testing.T) {
		d := held(t)
		d.step(core.Input{Kind: core.Invalidate, Origin: 1, Current: true})
		offer(d, func(in *core.Input) { in.Result.Same = true })
		require.True(t, d.core.Contests(1))
	})
	t.Run("closed", func(t *testing.T) {
		d := held(t)
		d.step(core.Input{Kind: core.Close})
		offer(d, func(*core.Input) {})
	})
}

func TestD5_AnOfferedTokenEndsTheContest(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.brings(time.Hour)
	require.Equal(t, core.Wait, d.step(core.Input{Kind: core.Invalidate, Origin: 1, Current: true, Wait: true}).Reply)
	e := d.offers(0, time.Hour)
	require.True(t, e.Contested)
	require.Equal(t, core.Serve, e.Release)
	require.False(t, d.core.Contests(1))
}

// The value that is held already keeps its number, and its times are the new ones (M5).
func TestD1_TheSameTokenIsOfferedAgain(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	first := d.brings(time.Hour).Publication
	d.pass(time.Minute)
	e := d.step(core.Input{Kind: core.Offered, Start: d.now, Result: core.Result{OK: true, Same: true, Expiry: d.now.Add(time.Hour)}})
	require.True(t, e.Publish)
	require.Equal(t, first.Token, e.Publication.Token)
	require.Equal(t, d.now.Add(time.Hour), e.Publication.Expiry)
}

// A token from elsewhere ends the backoff: what it followed is over.
func TestD6_AnOfferedTokenEndsTheBackoff(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.fails(core.Result{Permanent: true})
	require.True(t, d.core.BackingOff())
	require.True(t, d.offers(0, time.Hour).Publish)
	require.False(t, d.core.BackingOff())
}

// A fetch that waits for its admission is not wanted any more (E1).
func TestD1_AnOfferedTokenWithdrawsTheFetchThatWaits(t *testing.T) {
	d := &driver{T: t, core: core.NewQueued(core.Policy{}.WithDefaults()), now: start}
	require.Equal(t, core.Wait, d.get())
	require.True(t, d.last.Enqueue)
	flight := d.last.Flight
	e := d.offers(0, time.Hour)
	require.True(t, e.Unqueue)
	require.Equal(t, flight, e.Flight)
	require.Equal(t, core.Serve, e.Release)
	require.False(t, e.Enqueue)
	require.True(t, d.step(core.Input{Kind: core.Admitted, Flight: flight}).Decline, "an admission that comes too late")
}
