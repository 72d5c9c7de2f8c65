package core_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core"
)

// driver steps a core by hand. Its draw is the middle of every jitter.
type driver struct {
	*testing.T
	core   core.Core
	now    time.Time
	last   core.Effects
	flight uint64
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func newDriver(t *testing.T, p core.Policy) *driver {
	return &driver{T: t, core: core.New(p.WithDefaults()), now: start}
}

func (d *driver) step(in core.Input) core.Effects {
	in.Read = true
	d.last = d.core.Step(d.now, 0.5, in)
	if d.last.Fetch {
		d.flight = d.last.Flight
	}
	return d.last
}

func (d *driver) get() core.Reply { return d.step(core.Input{Kind: core.Get, Origin: 1}).Reply }

func (d *driver) pass(by time.Duration) core.Effects {
	d.now = d.now.Add(by)
	return d.step(core.Input{Kind: core.Wake, At: -d.core.Left(0) + by})
}

// brings ends the fetch in flight with a token of that lifetime.
func (d *driver) brings(life time.Duration) core.Effects {
	return d.step(core.Input{Kind: core.Fetched, Flight: d.flight, Result: core.Result{OK: true, Expiry: d.now.Add(life)}})
}

func (d *driver) fails(r core.Result) core.Effects {
	return d.step(core.Input{Kind: core.Fetched, Flight: d.flight, Result: r})
}

func (d *driver) until() time.Duration {
	d.Helper()
	for _, e := range d.last.Events[:d.last.N] {
		if e.Kind == core.BackedOff {
			return e.Until.Sub(d.now)
		}
	}
	d.Fatal("no backoff")
	return 0
}

func TestM4_TheTimesOfAToken(t *testing.T) {
	for name, c := range map[string]struct {
		policy               core.Policy
		result               core.Result
		effective, refreshes time.Duration
	}{
		"ten percent":        {core.Policy{}, core.Result{Expiry: start.Add(50 * time.Second)}, 45 * time.Second, 33750 * time.Millisecond},
		"ten seconds":        {core.Policy{}, core.Result{Expiry: start.Add(time.Hour)}, 3590 * time.Second, 2692500 * time.Millisecond},
		"half":               {core.Policy{Margin: time.Minute}, core.Result{Expiry: start.Add(20 * time.Second)}, 10 * time.Second, 7500 * time.Millisecond},
		"none stated":        {core.Policy{}, core.Result{}, 290 * time.Second, 217500 * time.Millisecond},
		"a thousand years":   {core.Policy{}, core.Result{Expiry: start.AddDate(1000, 0, 0)}, 365*24*time.Hour - 10*time.Second, (365*24*time.Hour - 10*time.Second) * 3 / 4},
		"refresh_in":         {core.Policy{}, core.Result{Expiry: start.Add(100 * time.Second), RefreshIn: 60 * time.Second}, 90 * time.Second, 60 * time.Second},
		"refresh_in, sooner": {core.Policy{}, core.Result{Expiry: start.Add(100 * time.Second), RefreshIn: time.Second}, 90 * time.Second, 45 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t, c.policy)
			d.get()
			c.result.OK = true
			p := d.fails(c.result).Publication
			require.Equal(t, c.effective, p.EffectiveExpiry.Sub(start))
			require.Equal(t, c.refreshes, p.RefreshTime.Sub(start))
		})
	}
}

func TestM9_ARoundIsThreeAttempts(t *testing.T) {
	d := newDriver(t, core.Policy{})
	require.Equal(t, core.Wait, d.get())
	require.Equal(t, core.None, d.fails(core.Result{}).Release)
	require.True(t, d.pass(100*time.Millisecond).Fetch)
	require.Equal(t, core.None, d.fails(core.Result{}).Release)
	require.True(t, d.pass(200*time.Millisecond).Fetch)
	require.Equal(t, core.Failed, d.fails(core.Result{}).Release)
	require.Equal(t, 3, d.last.Failure.Attempts)
	require.Equal(t, core.Failed, d.get(), "at once, in the backoff")
	require.False(t, d.last.Fetch)
}

func TestM9_WhatEndsARoundAtOnce(t *testing.T) {
	for name, r := range map[string]core.Result{
		"permanent": {Permanent: true},
		"a 429":     {EndsRound: true},
		"a hold":    {EndsRound: true, RetryAfter: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t, core.Policy{})
			d.get()
			require.Equal(t, core.Failed, d.fails(r).Release)
			require.Equal(t, 1, d.last.Failure.Attempts)
		})
	}
}

func TestM9_ARoundThatHangsEnds(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	require.True(t, d.pass(5*time.Second).Cancel)
	require.Equal(t, core.None, d.last.Release)
	require.Equal(t, core.Failed, d.pass(5*time.Second).Release)
	require.EqualValues(t, 1, d.core.State().Abandoned)
}

func TestM10_BackoffsDouble(t *testing.T) {
	for name, c := range map[string]struct {
		result core.Result
		waits  []time.Duration
	}{
		"permanent": {core.Result{Permanent: true}, []time.Duration{5, 10, 20, 40, 60, 60}},
		"held":      {core.Result{EndsRound: true, RetryAfter: time.Hour}, []time.Duration{600, 600}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t, core.Policy{})
			for _, wait := range c.waits {
				require.Equal(t, core.Wait, d.get())
				d.fails(c.result)
				require.Equal(t, wait*time.Second, d.until())
				d.pass(wait*time.Second - 1)
				require.Equal(t, core.Failed, d.get())
				d.pass(1)
			}
		})
	}
}

func TestM8_TransientBackoffsComeFromTheirUpperHalf(t *testing.T) {
	d := newDriver(t, core.Policy{Attempts: 1})
	for _, full := range []float64{0.5, 1, 2, 4, 8, 10, 10} {
		d.get()
		d.fails(core.Result{})
		require.InDelta(t, full*0.75, d.until().Seconds(), 1e-6)
		d.pass(d.until())
	}
}

func TestM22_TheShortestBackoffIsOne(t *testing.T) {
	d := newDriver(t, core.Policy{MinBackoff: 1})
	d.get()
	d.brings(time.Second)
	require.True(t, d.pass(800*time.Millisecond).Fetch)
	require.False(t, d.fails(core.Result{}).Fetch, "the moment another one failed")
	require.Positive(t, d.until())
}

func TestM3_OneFlightAndM15ItsAbandonment(t *testing.T) {
	d := newDriver(t, core.Policy{Attempts: 1})
	for n := range 3 {
		require.Equal(t, core.Wait, d.get())
		require.True(t, d.last.Fetch)
		require.Equal(t, core.Wait, d.get())
		require.False(t, d.last.Fetch, "one at a time")
		d.pass(5 * time.Second)
		d.pass(5 * time.Second)
		require.EqualValues(t, n+1, d.core.State().Abandoned)
		d.pass(time.Minute)
	}
	require.Equal(t, core.Failed, d.get())
	require.Equal(t, core.Blocked, d.last.Failure.Kind)
	require.True(t, d.step(core.Input{Kind: core.Fetched, Flight: 1, Result: core.Result{OK: true}}).Late)
	require.Equal(t, core.Wait, d.get())
}

func TestF4_ChecksOfCredentialsInABackoff(t *testing.T) {
	d := newDriver(t, core.Policy{})
	refused := core.Result{Permanent: true, Recheckable: true}
	d.get()
	require.False(t, d.fails(refused).CheckCredentials)
	require.True(t, d.pass(2*time.Second).CheckCredentials)
	require.False(t, d.pass(2*time.Second).CheckCredentials, "one at a time")
	d.step(core.Input{Kind: core.CredentialsChecked})
	require.Equal(t, core.Failed, d.get())
	d.pass(time.Second) // the backoff is over
	require.Equal(t, core.Wait, d.get())
	d.fails(refused)
	require.True(t, d.pass(2*time.Second).CheckCredentials)
	d.step(core.Input{Kind: core.Refresh})
	d.fails(refused) // another backoff: the check is of the one before
	d.step(core.Input{Kind: core.CredentialsChecked, Changed: true})
	require.Equal(t, core.Failed, d.get())
	require.True(t, d.pass(2*time.Second).CheckCredentials)
	d.step(core.Input{Kind: core.CredentialsChecked, Changed: true})
	require.Equal(t, core.Wait, d.get(), "lifted")
}

// again ends the fetch in flight with the value that is held already.
func (d *driver) again() core.Effects {
	return d.step(core.Input{Kind: core.Fetched, Flight: d.flight, Result: core.Result{OK: true, Same: true, Expiry: d.now.Add(time.Hour)}})
}

func (d *driver) reject(origin uint64) core.Reply {
	return d.step(core.Input{Kind: core.Invalidate, Origin: origin, Current: true, Wait: true}).Reply
}

// guarded are the origins on which the last step put a guard.
func (d *driver) guarded() (origins []uint64) {
	for _, e := range d.last.Events[:d.last.N] {
		if e.Kind == core.Guarded {
			origins = append(origins, e.Origin)
		}
	}
	return origins
}

// A guard that has just gone up has not been quiet for a minute, however long ago the last 401 was.
func TestM13_AQuietMinuteBeginsWhenTheGuardGoesUp(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.brings(time.Hour)
	require.Equal(t, core.Wait, d.reject(1))
	d.brings(time.Hour)
	d.step(core.Input{Kind: core.ReportOutcome, Origin: 1, Path: 1, Current: true, Retry: true})
	d.pass(50 * time.Second)
	d.step(core.Input{Kind: core.ReportOutcome, Origin: 1, Path: 2, Current: true, Accepted: true})
	require.Equal(t, []uint64{1}, d.guarded(), "one and the same token is rejected and accepted")
	d.pass(15 * time.Second)
	d.reject(1)
	require.False(t, d.core.Contests(1), "a rejection under a guard contests nothing (M21)")

	d.brings(time.Hour)
	d.pass(time.Minute + 1)
	d.reject(1)
	require.True(t, d.core.Contests(1), "a minute without a 401 removes the guard")
}

// Whatever order callers of two contesting origins ask in, what they wait for is fetched for both of them.
func TestM13_AFetchServesAllContestingOriginsWhoseCallersWait(t *testing.T) {
	for first := uint64(1); first <= 2; first++ {
		d := newDriver(t, core.Policy{})
		d.get()
		d.brings(time.Hour)
		d.reject(1)
		d.reject(2)
		d.again()
		require.Empty(t, d.guarded(), "once proves little")
		d.pass(time.Second)
		require.Equal(t, core.Wait, d.step(core.Input{Kind: core.Get, Origin: first}).Reply)
		require.Equal(t, core.Wait, d.step(core.Input{Kind: core.Get, Origin: 3 - first}).Reply)
		d.again()
		require.Equal(t, []uint64{1, 2}, d.guarded(), "the rejected value came for both, twice")
	}
}

// The 65th origin is suppressed; one of the 64 is not, even where it is that of callers which named none, and whose
// rejections are never old news.
func TestM21_ARejectionByAContestingOriginIsNotSuppressed(t *testing.T) {
	d := newDriver(t, core.Policy{})
	d.get()
	d.brings(time.Hour)
	for origin := range uint64(64) {
		require.Equal(t, core.Wait, d.reject(origin))
	}
	require.Equal(t, core.Suppressed, d.reject(64))
	require.Equal(t, core.Wait, d.reject(63))
	require.Equal(t, core.Wait, d.reject(0))
}

func TestM20_WhatCallersGet(t *testing.T) {
	d := newDriver(t, core.Policy{})
	require.Equal(t, core.Wait, d.get())
	require.Equal(t, core.Serve, d.brings(100*time.Second).Release)
	require.Equal(t, core.Serve, d.get())
	wants := func(life time.Duration) core.Reply {
		return d.step(core.Input{Kind: core.Get, MinLife: life}).Reply
	}
	require.Equal(t, core.Serve, wants(90*time.Second))
	require.Equal(t, core.TooShort, wants(91*time.Second))
	d.pass(time.Second)
	require.Equal(t, core.Wait, wants(90*time.Second))
	d.step(core.Input{Kind: core.Close})
	require.Equal(t, core.Shut, d.get())
}

func TestDisplacements(t *testing.T) {
	var d core.Displacements
	now := time.Hour
	for range 4 {
		require.False(t, d.Note(now))
		now += time.Minute
	}
	require.True(t, d.Note(now), "five in a row are no coincidence")
	require.False(t, d.Note(now+time.Minute), "once an hour")
	require.False(t, d.Note(now+time.Hour), "and not after a pause")
}

// TestP5_DisplacementsCountFromThePacking: what is kept of them goes on as if it had not been packed, and what does not
// matter any more is not kept.
func TestP5_DisplacementsCountFromThePacking(t *testing.T) {
	for seed := range uint64(100) {
		rng := rand.New(rand.NewPCG(seed, 3))
		var whole, packed core.Displacements
		now, packedAt := time.Hour, time.Duration(0)
		for range 200 {
			now += time.Duration(rng.Int64N(int64(3 * time.Minute)))
			if rng.IntN(50) == 0 {
				now += 70 * time.Minute
				require.Zero(t, packed.From(now-packedAt))
			}
			if rng.IntN(2) == 0 {
				packed, packedAt = packed.From(now-packedAt), now
			}
			require.Equal(t, whole.Note(now), packed.Note(now-packedAt))
		}
	}
}
