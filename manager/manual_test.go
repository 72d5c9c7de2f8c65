package manager_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func TestM20_RefreshDoesNotWaitForTheSecondAfterAnExpiredToken(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 0
		w.get()
		w.endpoint.set(func(e *endpoint) { e.lifetime = hour })
		w.refresh().wantToken("t2")
	})
}

func TestM20_RefreshDoesNotWaitBetweenTwoAttempts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		w.endpoint.works()
		w.refresh().wantToken("t2")
		c.wantToken("t2")
	})
}

func TestM20_RefreshFetchesNowAndLiftsBackoffs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.refresh().wantToken("t2")
		require.Equal(t, "t2", w.get())
		w.endpoint.fails(permanent{errDown})
		require.ErrorIs(t, w.refresh().failure(), errDown)
		require.Equal(t, "t2", w.get(), "the token at hand stays in use")
		w.endpoint.works()
		w.refresh().wantToken("t4")
		w.wantFetches(4)
		require.EqualValues(t, 3, w.m.Stats().FetchesBy[manager.CauseManual])
	})
}

func TestM20_RefreshJoinsTheFetchInFlight(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = second
		c := w.wait()
		r := w.refresh()
		w.advance(second)
		c.wantToken("t1")
		r.wantToken("t1")
		w.wantFetches(1)
	})
}

func TestM20_StatsReportsTheState(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		require.Equal(t, manager.Stats{FetchesBy: map[manager.Cause]uint64{}}, w.m.Stats())
		w.endpoint.lifetime = hour
		w.get()
		w.advance(minute)
		s := w.m.Stats()
		start := time.Unix(0, 0)
		require.True(t, s.Ready)
		require.EqualValues(t, 1, s.Token)
		require.Equal(t, minute, s.Age)
		require.True(t, s.Expiry.Equal(start.Add(hour)))
		require.True(t, s.EffectiveExpiry.Equal(start.Add(hour-10*second)))
		require.True(t, s.RefreshTime.Equal(start.Add(2692500*ms)))
		require.Equal(t, map[manager.Cause]uint64{manager.CauseCold: 1}, s.FetchesBy)
		w.endpoint.fails(errDown)
		w.advance(2692500*ms - minute)
		s = w.m.Stats()
		w.wantLastError(errDown)
		require.True(t, s.NextAttempt.Equal(start.Add(2692500*ms+375*ms)))
		require.EqualValues(t, 1, s.Failed)
		w.endpoint.set(func(e *endpoint) { e.hang = true })
		w.advance(hour)
		w.wait()
		s = w.m.Stats()
		require.False(t, s.Ready)
		require.True(t, s.Fetching)
		require.Equal(t, 1, s.Waiting)
		w.advance(20 * second)
	})
}

func TestM20_AnyFetcherWillDo(t *testing.T) {
	source := oauth2.StaticTokenSource(named("static", time.Time{}))
	inWorld(t, func(t *testing.T, w *world) {
		require.Equal(t, "static", w.get())
	}, func(w *world) {
		w.config.Fetcher = manager.FromTokenSource(source)
	})
}
