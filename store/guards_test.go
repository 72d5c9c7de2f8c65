package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/store"
)

// fleet is a store with a token, which processes use at the origin 100.
type fleet struct {
	*one
	v     store.Version
	token int
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{one: newOne(t), token: 1}
	f.v = f.fetch(1, 1)
	f.pass(10_000)
	return f
}

// reject has a process reject the token, and fetch and publish the next one if it may.
func (f *fleet) reject(change ...func(*store.Command)) store.Reply {
	f.t.Helper()
	r := f.do(acquire(1, append([]func(*store.Command){seen(f.v), rejected(f.token, 100)}, change...)...))
	if r.Kind == store.Fetch {
		f.token++
		f.v = r.Grant
		require.Equal(f.t, store.Done, f.do(publish(1, r.Grant, f.token, f.now+36_000_000)).Kind)
	}
	return r
}

// report reports the outcome of a request with the token that was sent ms milliseconds ago.
func (f *fleet) report(accepted bool, ms int64) store.Reply {
	return f.do(outcome(f.token, 100, accepted, ms))
}

// guard puts a guard on the origin, by evidence.
func (f *fleet) guard() {
	f.t.Helper()
	require.Equal(f.t, store.Fetch, f.reject().Kind)
	require.False(f.t, f.report(false, 5).Guarded)
	f.pass(1_000)
	require.Equal(f.t, store.Fetch, f.reject().Kind)
	require.True(f.t, f.report(false, 5).Guarded, "the retry of the successor is rejected as well")
	f.pass(1_000)
}

func TestD5_TheSameTokenRejectedAndAcceptedIsEvidence(t *testing.T) {
	for _, c := range []struct {
		ms      int64
		guarded bool
	}{{10, true}, {100, true}, {101, false}} {
		f := newFleet(t)
		require.Equal(t, store.Fetch, f.reject().Kind)
		f.report(false, 5)
		f.pass(100)
		require.Equal(t, c.guarded, f.report(true, c.ms).Guarded, "sent %d ms ago, rejected 100 ms ago: it may have been revoked in between", c.ms)
	}
	f := newFleet(t)
	f.reject()
	f.report(false, 5)
	f.pass(61_000)
	f.do(outcome(f.token, 100, false, 5)) // it is not quiet
	f.pass(30_000)
	require.False(t, f.report(true, 60_001).Guarded, "too long ago")
	require.False(t, f.do(outcome(1, 100, true, 0)).Guarded, "an older token proves nothing")
}

func TestD5_AnAcceptedSuccessorSaysThatTheTokenWasToBlame(t *testing.T) {
	f := newFleet(t)
	for range 50 { // revoked again and again, sometimes just between fetch and retry
		require.Equal(t, store.Fetch, f.reject().Kind)
		f.report(false, 5)
		f.pass(1_300)
		require.Equal(t, store.Fetch, f.reject().Kind)
		require.False(t, f.report(true, 5).Guarded)
		f.pass(1_300)
	}
}

func TestD5_AGuardLeavesAnAllowance(t *testing.T) {
	f := newFleet(t)
	f.guard()
	published := f.state.Record.Published
	count, waited := 0, []store.Time(nil)
	for count < 4 { // of eight, four are left to paths that have accepted a token
		r := f.reject()
		require.True(t, r.Guarded)
		if r.Kind == store.Suppressed {
			require.Equal(t, store.Have, f.do(acquire(2)).Kind, "all others use the token")
			f.pass(int64(r.Until - f.now))
			continue
		}
		require.Equal(t, store.Fetch, r.Kind)
		waited = append(waited, f.now-published)
		published = f.now
		count++
	}
	require.Equal(t, []store.Time{2_000, 4_000, 8_000, 16_000}, waited)
	r := f.reject()
	require.Equal(t, store.Suppressed, r.Kind)
	require.Greater(t, r.Until, f.now+20_000, "the rest is for paths that have accepted a token")
	count = 0
	for range 20 {
		f.pass(1_000)
		if f.reject(good).Kind == store.Fetch {
			count++
		}
	}
	require.InDelta(t, 4, count, 1, "one may have been regained")
	r = f.reject(good)
	require.Equal(t, store.Suppressed, r.Kind)
	f.pass(int64(r.Until - f.now))
	require.Equal(t, store.Fetch, f.reject(good).Kind, "one a minute is regained")
	require.Equal(t, store.Suppressed, f.reject(good).Kind)
	require.Equal(t, store.Fetch, f.do(acquire(3, seen(f.v), rejected(f.token, 100), urgent)).Kind, "a process without a token")
}

func TestD5_AQuietMinuteRemovesAGuard(t *testing.T) {
	f := newFleet(t)
	f.guard()
	f.pass(59_000)
	require.True(t, f.report(true, 0).Guarded)
	f.pass(1_001)
	require.False(t, f.report(true, 0).Guarded)
	require.Equal(t, store.Fetch, f.reject().Kind)

	f = newFleet(t)
	f.guard()
	old := f.v
	f.fetch(2, 77, seen(f.v))
	for range 5 {
		f.pass(50_000)
		require.Equal(t, store.Have, f.do(acquire(1, seen(old), rejected(f.token, 100))).Kind)
		require.True(t, f.do(outcome(77, 100, true, 0)).Guarded, "late rejections of older tokens say that it is not quiet")
	}
}

func TestD5_AGuardOfAProcessIsOneOfTheFleet(t *testing.T) {
	for what, c := range map[string]store.Command{
		"rejection":      acquire(1, rejected(2, 100), guarded),
		"late rejection": acquire(1, rejected(50, 100), guarded),
		"outcome":        {Kind: store.Outcome, Digest: name(1), Origin: name(100), Guarded: true},
	} {
		f := newFleet(t)
		f.v, f.token = f.fetch(1, 2, seen(f.v)), 2 // a moment ago
		c.Note = []byte("sealed claim")
		r := f.do(c)
		require.True(t, r.Guarded, what)
		require.Equal(t, "sealed claim", string(r.Note), what)
		require.Equal(t, store.Suppressed, f.reject(func(c *store.Command) { c.Origin = name(100) }).Kind, what)
		require.Equal(t, store.Fetch, f.reject(func(c *store.Command) { c.Origin = name(101) }).Kind, "another origin")
	}
}

func TestD5_OtherProcessesEvidenceCountsForTheFetchInProgress(t *testing.T) {
	// Two origins reject; one process fetches for both. What comes is on trial at both.
	f := newFleet(t)
	r := f.do(acquire(1, seen(f.v), rejected(1, 100)))
	require.Equal(t, store.Wait, f.do(acquire(2, seen(f.v), rejected(1, 200))).Kind)
	f.do(publish(1, r.Grant, 2, f.now+3_600_000))
	for _, g := range f.state.Guards {
		require.True(t, g.Trial, g.Origin)
		require.False(t, g.Awaited)
	}
	// An offered token is on trial nowhere.
	f = newFleet(t)
	r = f.do(acquire(1, seen(f.v), rejected(1, 100)))
	c := publish(1, r.Grant, 2, f.now+3_600_000)
	c.Offered = true
	f.do(c)
	require.False(t, f.state.Guards[0].Trial)
}

func TestD5_TheSameTokenAgainCountsAsARejectedRetry(t *testing.T) {
	f := newFleet(t)
	for range 2 {
		r := f.do(acquire(1, seen(f.v), rejected(1, 100)))
		require.Equal(t, store.Fetch, r.Kind)
		require.False(t, r.Guarded)
		f.v = r.Grant
		f.do(publish(1, r.Grant, 1, f.now+3_600_000))
		f.pass(1_000)
	}
	require.Equal(t, store.Suppressed, f.reject().Kind)
}

func TestD5_TheQuietestOriginMakesWay(t *testing.T) {
	f := newFleet(t)
	claim := func(origin int) { f.do(acquire(1, seen(f.v), rejected(1, origin), guarded)) }
	guarded := func(origin int) bool { return f.do(outcome(1, origin, true, 0)).Guarded }
	for origin := range store.MaxGuards {
		claim(1_000 + origin)
		f.pass(10)
	}
	f.pass(1_000)
	claim(1_000)
	claim(5_000)
	require.True(t, guarded(1_000), "it was heard of again")
	require.False(t, guarded(1_001))
	require.True(t, guarded(1_002))
	require.True(t, guarded(5_000))
	require.Len(t, f.state.Guards, store.MaxGuards)
}

func TestD5_ReportsOfManyAreWrittenOnce(t *testing.T) {
	f := newFleet(t)
	f.do(acquire(1, seen(f.v), rejected(1, 100)))
	written := 0
	for p := 2; p < 500; p++ {
		f.do(acquire(p, seen(f.v), rejected(1, 100)))
		if f.last != store.Unchanged {
			written++
		}
		f.pass(1)
	}
	require.LessOrEqual(t, written, 1)
}

func TestD1_ATokenThatIsExpiredOnArrivalIsFetchedOnceASecond(t *testing.T) {
	o := newOne(t)
	r := o.do(acquire(1))
	o.pass(100)
	o.do(publish(1, r.Grant, 1, o.now))
	require.Equal(t, store.Pushed, o.last, "those that wait for it get it (M6)")
	require.Equal(t, r.Grant, o.state.Push(o.now).Version)
	w := o.do(acquire(2, urgent))
	require.Equal(t, store.Wait, w.Kind)
	require.Equal(t, o.now+900, w.Until)
	o.pass(900)
	require.Equal(t, store.Fetch, o.do(acquire(2, urgent)).Kind)
}
