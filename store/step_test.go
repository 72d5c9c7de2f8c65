package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/store"
)

func TestD1_OneProcessFetchesForAll(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	require.Equal(t, store.Fetch, r.Kind)
	require.Equal(t, o.now+store.DefaultLease, r.Until)
	for p := 2; p < 200; p++ {
		w := o.do(acquire(p))
		require.Equal(t, store.Wait, w.Kind)
		require.Equal(t, r.Until, w.Until)
		require.Equal(t, store.Unchanged, o.last, "those that wait write nothing")
	}
	o.pass(80)
	require.Equal(t, store.Done, o.do(publish(1, r.Grant, 7, o.now+3_600_000)).Kind)
	require.Equal(t, store.Pushed, o.last)
	for p := 2; p < 200; p++ {
		h := o.do(acquire(p))
		require.Equal(t, store.Have, h.Kind)
		require.Equal(t, name(7), h.Record.Digest)
		require.Equal(t, "sealed 7", string(h.Record.Sealed))
		require.Equal(t, r.Grant, h.Version)
	}
	require.Equal(t, r.Grant, o.state.Push(o.now).Version)

	// At the refresh time, those that have the record want its successor.
	o.pass(3_000_000)
	again := o.do(acquire(3, seen(r.Grant)))
	require.Equal(t, store.Fetch, again.Kind)
	require.Equal(t, store.Wait, o.do(acquire(4, seen(r.Grant))).Kind)
	require.Equal(t, store.Have, o.do(acquire(5)).Kind, "a process that has no token takes the one that is there")
}

func TestD1_ALostReplyToAcquireCostsNoSecondFetch(t *testing.T) {
	o := newOne(t)
	first := o.do(acquire(1))
	o.pass(100)
	second := o.do(acquire(1))
	require.Equal(t, store.Fetch, second.Kind)
	require.Equal(t, first.Grant, second.Grant)
	require.Greater(t, second.Until, first.Until)
}

func TestD7_ADeadProcessCostsOneLease(t *testing.T) {
	o := newOne(t)
	dead := o.do(acquire(1))
	o.pass(store.DefaultLease - 1)
	require.Equal(t, store.Wait, o.do(acquire(2)).Kind)
	o.pass(1)
	r := o.do(acquire(2))
	require.Equal(t, store.Fetch, r.Kind)
	require.True(t, dead.Grant.Less(r.Grant))

	// It was only stopped, and comes back before the other one has fetched, and again after.
	late := o.do(publish(1, dead.Grant, 1, o.now+3_600_000))
	require.Equal(t, store.Stale, late.Kind)
	require.Zero(t, late.Record)
	require.Equal(t, store.Done, o.do(publish(2, r.Grant, 2, o.now+3_600_000)).Kind)
	late = o.do(publish(1, dead.Grant, 1, o.now+7_200_000))
	require.Equal(t, store.Stale, late.Kind)
	require.Equal(t, name(2), late.Record.Digest, "it learns of the newer token")
	for _, c := range []store.Command{extend(1, dead.Grant), release(1, dead.Grant), hold(1, dead.Grant, store.Response, o.now+1_000, 1)} {
		require.Equal(t, store.Stale, o.do(c).Kind, "%v", c.Kind)
		require.Equal(t, store.Unchanged, o.last)
	}
}

func TestD7_AnEndedLeaseCountsWhileNoOtherIsGiven(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	o.pass(60_000)
	require.Equal(t, store.Done, o.do(publish(1, r.Grant, 1, o.now+3_600_000)).Kind)
	require.Equal(t, store.Done, o.do(publish(1, r.Grant, 1, o.now+3_600_000)).Kind, "a lost reply")
	require.Equal(t, store.Unchanged, o.last)
	require.Equal(t, store.Stale, o.do(publish(1, r.Grant, 2, o.now+3_600_000)).Kind, "another token under the same lease")
}

func TestD7_ASlowFetchKeepsItsLeaseForAMinute(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	for range 119 {
		o.pass(500)
		require.Equal(t, store.Fetch, o.do(extend(1, r.Grant)).Kind)
		require.Equal(t, store.Wait, o.do(acquire(2)).Kind)
	}
	o.pass(500)
	require.Equal(t, store.Stale, o.do(extend(1, r.Grant)).Kind, "a fetch that never ends does not keep others waiting forever")
	require.Equal(t, store.Fetch, o.do(acquire(2)).Kind)
}

func TestD6_OneBackoffForAll(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	require.Zero(t, r.Hold)
	until := o.now + 500
	h := o.do(hold(1, r.Grant, store.Response, until, 1))
	require.Equal(t, store.Held, h.Kind)
	require.Equal(t, store.Pushed, o.last)
	require.Equal(t, until, o.state.Push(o.now).Hold.Until)
	o.pass(499)
	for p := range 50 {
		h := o.do(acquire(p, urgent))
		require.Equal(t, store.Held, h.Kind)
		require.Equal(t, until, h.Until)
		require.Equal(t, r.Grant.Gen, h.Hold.Fence)
	}
	o.pass(1)
	require.Zero(t, o.state.Push(o.now).Hold)
	probe := o.do(acquire(9))
	require.Equal(t, store.Fetch, probe.Kind)
	require.EqualValues(t, 1, probe.Hold.Failures, "the next backoff doubles")
	require.Equal(t, store.Wait, o.do(acquire(8)).Kind, "one probe for all")
	require.Equal(t, store.Held, o.do(hold(9, probe.Grant, store.Response, o.now+600_000, 2)).Kind, "Retry-After")
	o.pass(599_999)
	require.Equal(t, store.Held, o.do(acquire(2, urgent)).Kind)
	require.Equal(t, store.Fetch, o.do(acquire(2, manual)).Kind, "a caller demands it (M20)")
	require.Zero(t, o.do(acquire(2)).Record)
	o.fetch(2, 5)
	require.Zero(t, o.state.Hold, "the endpoint works")
}

func TestD6_AConnectionFailureCountsOnceTwoProcessesHaveMetIt(t *testing.T) {
	o := newOne(t)
	for range 3 {
		r := o.do(acquire(1))
		require.Equal(t, store.Done, o.do(hold(1, r.Grant, store.Connection, o.now+500, 1)).Kind)
	}
	r := o.do(acquire(2))
	require.Equal(t, store.Fetch, r.Kind)
	require.Equal(t, store.Held, o.do(hold(2, r.Grant, store.Connection, o.now+500, 1)).Kind)
	require.Equal(t, store.Held, o.do(acquire(3)).Kind)
	o.pass(500)
	r = o.do(acquire(3))
	require.Equal(t, store.Held, o.do(hold(3, r.Grant, store.Connection, o.now+1_000, 2)).Kind, "the next one counts at once")
	o.pass(1_000)
	v := o.fetch(4, 1)
	r = o.do(acquire(1, seen(v)))
	require.Equal(t, store.Done, o.do(hold(1, r.Grant, store.Connection, o.now+500, 1)).Kind, "a success in between")
}

func TestD6_ARefreshThatFailedDoesNotBindWhoLosesTheToken(t *testing.T) {
	o := newOne(t)
	v := o.fetch(1, 1)
	r := o.do(acquire(1, seen(v)))
	c := hold(1, r.Grant, store.Response, o.now+60_000, 7)
	c.Behind = true
	require.Equal(t, store.Held, o.do(c).Kind)
	require.Equal(t, store.Held, o.do(acquire(2, seen(v))).Kind)
	require.Equal(t, store.Have, o.do(acquire(2)).Kind)
	r = o.do(acquire(2, seen(v), urgent))
	require.Equal(t, store.Fetch, r.Kind)
	require.Equal(t, store.Held, o.do(hold(2, r.Grant, store.Response, o.now+10_000, 8)).Kind)
	require.Equal(t, store.Held, o.do(acquire(3, seen(v), urgent)).Kind, "once")
	require.Equal(t, store.Held, o.do(acquire(3, seen(v), rejected(1, 100))).Kind)
}

func TestD6_CredentialsAreAProcesssOwn(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	require.Equal(t, store.Done, o.do(release(1, r.Grant)).Kind)
	require.Equal(t, store.Pushed, o.last)
	require.Equal(t, store.Fetch, o.do(acquire(2)).Kind)
}

func TestD5_OneFetchReplacesWhatAllReject(t *testing.T) {
	o := newOne(t)
	v := o.fetch(1, 1)
	o.pass(60_000)
	r := o.do(acquire(1, seen(v), rejected(1, 100)))
	require.Equal(t, store.Fetch, r.Kind)
	for p := 2; p < 200; p++ {
		require.Equal(t, store.Wait, o.do(acquire(p, seen(v), rejected(1, 100))).Kind)
	}
	require.Equal(t, store.Have, o.do(acquire(300)).Kind, "a process that has not rejected it may have it")
	require.Equal(t, store.Refused, o.do(offer(300, 1, o.now+9_000_000, seen(v))).Kind)
	require.Equal(t, store.Done, o.do(publish(1, r.Grant, 2, o.now+3_600_000)).Kind)
	for p := 2; p < 200; p++ {
		h := o.do(acquire(p, seen(v), rejected(1, 100)))
		require.Equal(t, store.Have, h.Kind, "a late rejection of the older one")
		require.Equal(t, name(2), h.Record.Digest)
	}
	require.Equal(t, r.Grant, o.state.Push(o.now).Version)
	h := o.do(offer(300, 1, o.now+9_000_000, seen(v)))
	require.Equal(t, store.Have, h.Kind)
	require.Equal(t, name(2), h.Record.Digest)
}

func TestD5_RejectionsAreASecondApart(t *testing.T) {
	o := newOne(t)
	v := o.fetch(1, 1)
	v = o.fetch(1, 2, seen(v), rejected(1, 100))
	o.do(outcome(2, 100, true, 1))
	o.pass(400)
	w := o.do(acquire(2, seen(v), rejected(2, 100)))
	require.Equal(t, store.Wait, w.Kind)
	require.Equal(t, o.now+600, w.Until)
	require.Equal(t, store.Fetch, o.do(acquire(3, seen(v), urgent)).Kind, "a process without a token does not wait for that")
}

// alwaysRejects has processes in turn reject every token, each of which learns of the latest one before.
func alwaysRejects(t *testing.T, processes int, every, total int64, report bool) (fetches int) {
	o := newOne(t)
	v := o.fetch(0, 1)
	token := 1
	for i := 0; int64(i)*every < total; i++ {
		p := i % processes
		r := o.run(acquire(p, seen(v), rejected(token, 100))).Reply
		if r.Kind == store.Fetch {
			fetches++
			token++
			v = r.Grant
			require.Equal(t, store.Done, o.do(publish(p, v, token, o.now+3_600_000)).Kind)
			if report {
				o.do(outcome(token, 100, false, 5))
			}
		}
		o.pass(every)
	}
	return fetches
}

func TestD5_AServerThatAlwaysRejectsCostsTheFleetWhatItCostsOneProcess(t *testing.T) {
	for _, processes := range []int{1, 2, 200} {
		for _, every := range []int64{100, 1_000, 5_000} {
			for _, report := range []bool{true, false} {
				fetches := alwaysRejects(t, processes, every, 3_600_000, report)
				require.LessOrEqual(t, fetches, 66, "%d processes, every %d ms, outcomes reported: %t", processes, every, report)
				require.GreaterOrEqual(t, fetches, 40)
			}
		}
	}
}

func TestD4_AStoreThatIsBehindBeginsAnEpoch(t *testing.T) {
	o := newOne(t)
	v := o.fetch(1, 1)
	backup := o.state
	o.pass(1_000)
	v2 := o.fetch(1, 2, seen(v))
	o.state = backup
	o.pass(1_000)
	r := o.do(acquire(1, seen(v2)))
	require.Equal(t, store.Fetch, r.Kind)
	require.True(t, v2.Less(r.Grant))
	require.Zero(t, o.state.Record, "the restored record is behind")
	require.Equal(t, store.Done, o.do(release(1, r.Grant)).Kind)

	// Another process, which has not lost its token, hands it in.
	g := o.do(offer(2, 2, o.now+3_000_000, seen(v2)))
	require.Equal(t, store.Fetch, g.Kind)
	require.Equal(t, store.Done, o.do(publish(2, g.Grant, 2, o.now+3_000_000)).Kind)
	require.Equal(t, store.Have, o.do(acquire(1, seen(v2))).Kind)
}

func TestD4_AnEmptyStoreIsOfferedWhatProcessesHold(t *testing.T) {
	o := newOne(t)
	late := o.now + 3_000_000
	g := o.do(offer(1, 1, late))
	require.Equal(t, store.Fetch, g.Kind)
	require.Equal(t, store.Wait, o.do(offer(2, 2, late-1)).Kind)
	require.Equal(t, store.Done, o.do(publish(1, g.Grant, 1, late)).Kind)
	h := o.do(offer(2, 2, late-1))
	require.Equal(t, store.Have, h.Kind)
	require.Equal(t, name(1), h.Record.Digest)
	require.Equal(t, store.Fetch, o.do(offer(3, 3, late+1)).Kind, "the one that lives longest")
	require.Equal(t, store.Have, o.do(offer(4, 4, o.now)).Kind, "expired")
}

func TestD8_AClockThatIsSteppedBackBeginsAnEpoch(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	o.pass(-1_000)
	require.Equal(t, store.Wait, o.do(acquire(2)).Kind)
	require.Equal(t, start, o.do(acquire(2)).Now, "time stands still")
	o.pass(-1)
	n := o.do(acquire(2))
	require.Equal(t, store.Fetch, n.Kind)
	require.Equal(t, o.now, n.Now)
	require.True(t, r.Grant.Less(n.Grant))
	require.Equal(t, store.Stale, o.do(publish(1, r.Grant, 1, o.now+3_600_000)).Kind)
}

func TestD4_CommandsThatMakeNoSenseAreRefused(t *testing.T) {
	grant := store.Version{Epoch: 1, Gen: 1}
	for field, c := range map[string]store.Command{
		"Kind": {}, "Owner": {Kind: store.Acquire, Lease: 1_500}, "Lease": acquire(1, func(c *store.Command) { c.Lease = 99 }),
		"Seen":     acquire(1, seen(store.Version{Gen: 1})),
		"Rejected": acquire(1, func(c *store.Command) { c.Rejected = "x" }),
		"Origin":   acquire(1, func(c *store.Command) { c.Rejected = name(1) }),
		"Good":     acquire(1, good), "Guarded": acquire(1, guarded), "Note": acquire(1, func(c *store.Command) { c.Note = []byte{1} }),
		"Grant": publish(1, store.Version{Epoch: 1}, 1, 1), "Sealed": {Kind: store.Publish, Owner: "a", Grant: grant, Digest: name(1), Expires: 1},
		"Digest": publish(1, grant, -1, 1), "Expires": offer(1, 1, store.MaxNumber+1), "Class": hold(1, grant, 0, start, 1),
		"Until": hold(1, grant, store.Response, start+store.MaxHold+60_001, 1), "Failures": hold(1, grant, store.Response, start, 0),
		"Age": outcome(1, 1, true, -1), "Urgent": {Kind: store.Release, Urgent: true},
	} {
		_, err := store.Step(store.State{}, start, c)
		var bad *store.FieldError
		require.ErrorAs(t, err, &bad, field)
		require.Equal(t, field, bad.Field)
		require.NotEmpty(t, bad.Remedy)
	}
	_, err := store.Step(store.State{}, 0, acquire(1))
	require.ErrorContains(t, err, "now: ")
	_, err = store.Step(store.State{}, start, acquire(1, seen(store.Version{Epoch: store.MaxNumber})))
	require.ErrorContains(t, err, "Seen: ")
	require.ErrorContains(t, store.ID("x").Validate(), "ID: ")
	require.NoError(t, store.ID(name(1)).Validate())
}
