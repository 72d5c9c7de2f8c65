package sharing_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/core/sharing"
	"github.com/alf-go/alf/store"
)

// driver steps a core by hand. The store's time is that of the test.
type driver struct {
	*testing.T
	core sharing.Core
	now  time.Duration
	last sharing.Effects
}

const (
	epoch  = 1_900_000_000_000
	mine   = store.Digest("00000000000000000000000000000001")
	theirs = store.Digest("00000000000000000000000000000002")
	api    = store.Digest("0000000000000000000000000000000a")
)

func newDriver(t *testing.T) *driver {
	return &driver{T: t, core: sharing.New(sharing.Policy{
		Owner: "me", AttemptTimeout: 5 * time.Second, MinBackoff: 500 * time.Millisecond, MaxBackoff: 10 * time.Second, Poll: 20 * time.Second,
	})}
}

func (d *driver) step(in sharing.Input) sharing.Effects {
	d.last = d.core.Step(d.now, 0.5, in)
	return d.last
}

func (d *driver) pass(by time.Duration) sharing.Effects {
	d.now += by
	return d.step(sharing.Input{Kind: sharing.Wake})
}

// waits lets the time pass until the store counts as failed.
func (d *driver) waits() time.Duration {
	for !d.last.StoreFailed {
		require.True(d, d.last.Armed)
		d.pass(d.last.Wake - d.now)
	}
	return d.now
}

func (d *driver) storeTime(after time.Duration) store.Time {
	return epoch + store.Time((d.now+after)/time.Millisecond)
}

// asks requires that a command of a kind was just sent.
func (d *driver) asks(kind store.Kind) store.Command {
	d.Helper()
	require.True(d, d.last.Do, "no command")
	require.Equal(d, kind, d.last.Command.Kind)
	c := d.last.Command
	if kind == store.Publish {
		c.Sealed = []byte("sealed") // what needs a key
	}
	require.NoError(d, c.Validate())
	return d.last.Command
}

// replies is the reply to the latest command.
func (d *driver) replies(r store.Reply) sharing.Effects {
	r.Now = d.storeTime(0)
	return d.step(sharing.Input{Kind: sharing.Replied, Op: d.last.Op, Reply: r, Opened: len(r.Record.Sealed) > 0, Trusted: len(r.Hold.Note) > 0})
}

func (d *driver) want() sharing.Effects {
	return d.step(sharing.Input{Kind: sharing.Want, Urgent: true})
}

func version(gen int64) store.Version { return store.Version{Epoch: epoch, Gen: gen} }

func (d *driver) have(gen int64, digest store.Digest, life time.Duration) store.Reply {
	return store.Reply{Kind: store.Have, Version: version(gen), Record: store.Record{
		Gen: gen, Digest: digest, Expires: d.storeTime(life), Published: d.storeTime(0), Sealed: []byte("x"),
	}}
}

// fetches brings the core to where its fetch runs under a lease.
func (d *driver) fetches(gen int64) {
	d.want()
	d.asks(store.Acquire)
	require.True(d, d.replies(store.Reply{Kind: store.Fetch, Grant: version(gen), Until: d.storeTime(sharing.Lease)}).Start)
	require.False(d, d.last.Alone)
}

func TestD1_TheFetchWaitsForTheStore(t *testing.T) {
	d := newDriver(t)
	require.False(t, d.want().Start)
	c := d.asks(store.Acquire)
	require.True(t, c.Urgent)
	require.Equal(t, "me", c.Owner)
	e := d.replies(d.have(3, theirs, time.Hour))
	require.True(t, e.Adopt)
	require.Equal(t, version(3), e.Version)
	require.InDelta(t, time.Hour, e.Left, float64(5*time.Millisecond))
	require.LessOrEqual(t, e.Left, time.Hour, "on the safe side (D8)")
	require.False(t, e.Start)
}

// Processes that refresh at the same time do not all ask the store at the same time.
func TestD1_ARefreshIsNotAskedForByAllAtOnce(t *testing.T) {
	d := newDriver(t)
	d.fetches(1)
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: 3 * time.Second})
	d.replies(store.Reply{Kind: store.Done})
	d.pass(2 * time.Second)
	refresh := sharing.Input{Kind: sharing.Want}
	require.False(t, d.step(refresh).Do)
	d.pass(50 * time.Millisecond) // half of the longest, as the driver draws
	d.asks(store.Acquire)

	d = newDriver(t)
	d.fetches(1)
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Second})
	d.replies(store.Reply{Kind: store.Done})
	d.pass(600 * time.Millisecond)
	d.step(refresh)
	d.asks(store.Acquire)
}

func TestD1_TheTokenIsHandedIn(t *testing.T) {
	d := newDriver(t)
	d.fetches(4)
	e := d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Hour})
	c := d.asks(store.Publish)
	require.Equal(t, version(4), c.Grant)
	require.Equal(t, mine, c.Digest)
	require.InDelta(t, float64(d.storeTime(time.Hour)), float64(c.Expires), 2)
	require.False(t, e.Start)
	d.replies(store.Reply{Kind: store.Done})
	require.True(t, d.core.Quiet())
	require.False(t, d.core.Granted())
}

func TestD4_AStoreThatDoesNotReply(t *testing.T) {
	d := newDriver(t)
	d.want()
	require.Equal(t, sharing.OpTimeout, d.waits())
	e := d.last
	require.True(t, e.Start)
	require.True(t, e.Alone)

	// For half a second, nothing waits for it.
	d.step(sharing.Input{Kind: sharing.FetchEnded})
	d.now += 400 * time.Millisecond
	require.True(t, d.want().Start)
	require.False(t, d.last.Do)

	// What was fetched alone is offered.
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Hour})
	require.False(t, d.last.Do)
	d.pass(time.Second)
	d.asks(store.Offer)
	d.replies(store.Reply{Kind: store.Refused})
	d.asks(store.Offer)
	e = d.replies(store.Reply{Kind: store.Fetch, Grant: version(5)})
	require.True(t, e.Offered)
	require.Equal(t, version(5), d.asks(store.Publish).Grant)
}

// Where hundreds of processes share two cores, a reply may wait for the process instead of the other way round.
func TestD4_TimeInWhichTheProcessDoesNotRunIsNotTheStores(t *testing.T) {
	d := newDriver(t)
	d.want()
	asked := d.last.Op
	const starved = 200 * time.Millisecond
	for range 5 {
		require.False(t, d.pass(d.last.Wake-d.now+starved).StoreFailed)
	}
	d.now += starved
	e := d.step(sharing.Input{Kind: sharing.Replied, Op: asked, Opened: true, Reply: store.Reply{
		Kind: store.Fetch, Now: d.storeTime(0), Grant: version(9),
	}})
	require.True(t, e.Start)
	require.True(t, d.core.Granted())
}

// However rarely a process runs, it does not wait for the store forever, and one that was stopped goes on at once.
func TestD4_AStoreThatDoesNotReplyToAProcessThatRarelyRuns(t *testing.T) {
	d := newDriver(t)
	looks := 0
	for d.want(); !d.last.StoreFailed; looks++ {
		d.pass(d.last.Wake - d.now + 100*time.Millisecond)
	}
	require.Equal(t, 40, looks)
	require.True(t, d.last.Alone)

	d = newDriver(t)
	d.want()
	d.pass(time.Hour)
	require.False(t, d.last.StoreFailed)
	require.Equal(t, time.Hour+sharing.OpTimeout, d.waits(), "it was stopped, and runs again")
}

func TestD4_ALateReplyCountsForNothing(t *testing.T) {
	d := newDriver(t)
	d.want()
	late := d.last.Op
	d.waits()
	e := d.step(sharing.Input{Kind: sharing.Replied, Op: late, Opened: true, Reply: store.Reply{
		Kind: store.Fetch, Now: d.storeTime(0), Grant: version(9),
	}})
	require.False(t, e.Start)
	require.False(t, d.core.Granted())
}

// A push that was on its way for long says nothing about how late it is in the store, which a slow reply left open.
func TestD8_APushDoesNotMakeTheStoresTimeCertain(t *testing.T) {
	d := newDriver(t)
	d.want()
	asked := d.last.Op
	replied := d.storeTime(0) // at once, and it is read late
	d.now += 120 * time.Millisecond
	d.step(sharing.Input{Kind: sharing.Replied, Op: asked, Reply: store.Reply{Kind: store.Wait, Now: replied, Until: replied + 1500}})
	late := d.have(3, theirs, time.Second)
	e := d.step(sharing.Input{Kind: sharing.Pushed, Opened: true, Push: store.Push{Now: replied + 30, Version: late.Version, Record: late.Record}})
	require.True(t, e.Adopt)
	require.LessOrEqual(t, e.Left, time.Second)
}

func TestD4_WaitingForOthersIsBounded(t *testing.T) {
	d := newDriver(t)
	d.want()
	for start := d.now; !d.last.Start; {
		require.Less(t, d.now-start, 6*time.Second)
		if d.last.Do {
			d.replies(store.Reply{Kind: store.Wait, Until: d.storeTime(sharing.Lease)})
			continue
		}
		require.True(t, d.last.Armed)
		d.pass(max(d.last.Wake-d.now, time.Millisecond))
	}
	require.True(t, d.last.Alone)
	require.InDelta(t, 5*time.Second, d.now, float64(50*time.Millisecond))
}

func TestD4_NonsenseIsNotFollowedForever(t *testing.T) {
	for name, r := range map[string]store.Reply{
		"a record that cannot be opened": {Kind: store.Have, Version: version(3), Record: store.Record{Gen: 3, Digest: theirs, Expires: epoch * 2}},
		"a hold without a seal":          {Kind: store.Held, Until: epoch * 2, Hold: store.HoldState{Until: epoch * 2}},
		"a lease of nothing":             {Kind: store.Fetch},
		"a reply to something else":      {Kind: store.Refused},
		"no kind at all":                 {},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDriver(t)
			d.want()
			asked := 0
			for !d.last.Start {
				d.asks(store.Acquire)
				asked++
				require.LessOrEqual(t, asked, 3)
				d.replies(r)
			}
			require.True(t, d.last.Alone)
		})
	}
}

// No process moves behind what it has seen.
func TestD4_NoWayBack(t *testing.T) {
	d := newDriver(t)
	d.want()
	d.replies(d.have(5, theirs, time.Hour))
	require.True(t, d.last.Adopt)
	d.step(sharing.Input{Kind: sharing.Adopted, Digest: theirs, Life: time.Hour, Version: version(5)})
	d.step(sharing.Input{Kind: sharing.Unwant})
	e := d.step(sharing.Input{Kind: sharing.Pushed, Opened: true, Push: store.Push{
		Now: d.storeTime(0), Version: version(4), Record: store.Record{Gen: 4, Digest: mine, Expires: d.storeTime(time.Hour), Sealed: []byte("x")},
	}})
	require.False(t, e.Adopt)
	d.pass(time.Second)
	require.Equal(t, theirs, d.asks(store.Offer).Digest, "the store has lost it")
}

func TestD5_ARejectedTokenIsNotAdopted(t *testing.T) {
	d := newDriver(t)
	d.fetches(4)
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Hour})
	d.replies(store.Reply{Kind: store.Done})
	d.step(sharing.Input{Kind: sharing.Rejected, Digest: mine, Origin: api})
	d.step(sharing.Input{Kind: sharing.Want})
	c := d.asks(store.Acquire)
	require.Equal(t, mine, c.Rejected)
	require.False(t, c.Guarded || c.Good)
	require.Equal(t, api, c.Origin)
	require.Equal(t, version(4), c.Seen)
	require.False(t, d.replies(d.have(5, mine, time.Hour)).Adopt)
	require.Equal(t, version(5), d.asks(store.Acquire).Seen, "it asks for a newer one")
}

func TestD5_TheStoreHearsOfTheGuard(t *testing.T) {
	d := newDriver(t)
	d.step(sharing.Input{Kind: sharing.Rejected, Digest: mine, Origin: api, Guarded: true, Good: true})
	d.step(sharing.Input{Kind: sharing.Want})
	c := d.asks(store.Acquire)
	require.True(t, c.Guarded)
	require.True(t, c.Good)
}

func TestD5_ARejectedTokenIsNotOffered(t *testing.T) {
	d := newDriver(t)
	d.fetches(4)
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Hour})
	d.replies(store.Reply{Kind: store.Done})
	d.step(sharing.Input{Kind: sharing.Rejected, Digest: mine, Origin: api})
	d.step(sharing.Input{Kind: sharing.Pushed, Push: store.Push{Now: d.storeTime(0)}}) // the store has lost it
	for range 10 {
		require.False(t, d.pass(10*time.Second).Do, "no process is to get it")
	}
}

func TestD6_AHoldIsObeyed(t *testing.T) {
	d := newDriver(t)
	d.want()
	hold := store.HoldState{Until: d.storeTime(3 * time.Second), Class: store.Response, Failures: 1, Note: []byte("sealed")}
	e := d.replies(store.Reply{Kind: store.Held, Until: hold.Until, Hold: hold})
	require.True(t, e.Refuse)
	require.InDelta(t, 3*time.Second, e.For, float64(10*time.Millisecond))
	require.False(t, d.pass(time.Second).Do)
	d.pass(2 * time.Second)
	d.asks(store.Acquire)

	hold.Until = d.storeTime(24 * time.Hour)
	require.LessOrEqual(t, d.replies(store.Reply{Kind: store.Held, Until: hold.Until, Hold: hold}).For, 10*time.Minute)
}

func TestD6_FailuresAreSharedByClass(t *testing.T) {
	for class, want := range map[store.Class]store.Kind{0: store.Release, store.Response: store.Hold, store.Connection: store.Hold} {
		d := newDriver(t)
		d.fetches(4)
		d.step(sharing.Input{Kind: sharing.FetchEnded})
		require.False(t, d.last.Do, "there may be another attempt")
		d.step(sharing.Input{Kind: sharing.RoundFailed, Class: class, Backoff: 2 * time.Second})
		c := d.asks(want)
		require.Equal(t, class, c.Class)
		if class != 0 {
			require.EqualValues(t, 1, c.Failures)
			require.InDelta(t, float64(d.storeTime(2*time.Second)), float64(c.Until), 2)
		}
		if e := d.replies(store.Reply{Kind: store.Held, Until: c.Until, Hold: store.HoldState{Until: c.Until}}); class != 0 {
			require.True(t, e.HoldSet)
			require.InDelta(t, 2*time.Second, e.For, float64(2*time.Millisecond))
		}
		require.True(t, d.core.Quiet())
	}
}

func TestD7_ALeaseIsProlongedWhileTheFetchRuns(t *testing.T) {
	d := newDriver(t)
	d.fetches(4)
	for range 5 {
		d.pass(sharing.Lease / 3)
		require.Equal(t, version(4), d.asks(store.Extend).Grant)
		d.replies(store.Reply{Kind: store.Fetch, Grant: version(4)})
	}
	// Without it, the fetch goes on, and what it brings is offered.
	d.pass(sharing.Lease / 3)
	d.asks(store.Extend)
	d.replies(store.Reply{Kind: store.Stale})
	require.False(t, d.core.Granted())
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Hour})
	d.asks(store.Offer)
}

func TestD7_WhatIsNotWantedIsGivenBack(t *testing.T) {
	d := newDriver(t)
	d.want()
	d.step(sharing.Input{Kind: sharing.Unwant})
	d.last.Op = 1
	d.replies(store.Reply{Kind: store.Fetch, Grant: version(4)})
	require.Equal(t, version(4), d.asks(store.Release).Grant)
	require.False(t, d.last.Start)
}

func TestD9_AProcessAsksNowAndThen(t *testing.T) {
	d := newDriver(t)
	d.fetches(4)
	d.step(sharing.Input{Kind: sharing.FetchEnded, OK: true, Digest: mine, Life: time.Hour})
	d.replies(store.Reply{Kind: store.Done})
	require.False(t, d.pass(19*time.Second).Do)
	d.pass(11 * time.Second)
	d.asks(store.Offer)
	e := d.replies(d.have(6, theirs, time.Hour))
	require.True(t, e.Adopt, "it has missed a push")
}

func TestM14_CloseGivesTheLeaseBack(t *testing.T) {
	d := newDriver(t)
	d.fetches(4)
	d.step(sharing.Input{Kind: sharing.Close})
	d.asks(store.Release)
	require.False(t, d.step(sharing.Input{Kind: sharing.Want}).Start)
}
