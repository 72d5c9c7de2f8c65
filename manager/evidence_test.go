package manager_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

// A caller that is served sends its request at once: whether its outcome is wanted has to be known by then, or the
// evidence is lost.
func TestM13_WhetherOutcomesAreWantedIsKnownBeforeTheReply(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		rejected := w.wait().got
		w.endpoint.set(func(e *endpoint) { e.latency = second })
		require.NoError(t, w.m.Invalidate(rejected, api))
		require.False(t, w.m.ObservesOutcomes())
		var callers sync.WaitGroup
		var unaware atomic.Int32
		for range 1000 {
			callers.Go(func() {
				if token, err := w.m.TokenFor(t.Context(), api); err != nil || token.Same(rejected) || !w.m.ObservesOutcomes() {
					unaware.Add(1)
				}
			})
		}
		w.advance(second)
		callers.Wait()
		require.Zero(t, unaware.Load())
	})
}

// displacements has another process displace the token that often, so far apart.
func (w *world) displacements(n, apart int) {
	for range n {
		c := w.replace(w.m.Current(), api)
		require.NoError(w, c.err)
		w.accepts(c.got, api, true)
		for range apart {
			w.advance(second)
		}
	}
}

// A quiet minute in between, after which a pool packs a token, forgets neither the count nor the report.
func TestM13_OneActiveTokenIsRecognisedThroughQuietMinutes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		w.get()
		w.displacements(5, 110)
		require.Len(t, w.seen(manager.OneActiveToken), 1)
		w.advance(10 * minute)
		w.displacements(5, 2)
		require.Len(t, w.seen(manager.OneActiveToken), 1, "once an hour")
		w.advance(minute)
		w.displacements(4, 110)
		w.advance(11 * minute)
		w.displacements(4, 110)
		require.Len(t, w.seen(manager.OneActiveToken), 1, "and not after a pause")
		w.advance(hour)
		w.displacements(5, 110)
		require.Len(t, w.seen(manager.OneActiveToken), 2)
	})
}

// As long as one and the same pause suppresses rejections, that is reported once.
func TestM18_ASuppressionIsReportedOnceThroughQuietMinutes(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = hour
		w.get()
		w.endpoint.fails(later{permanent{errDown}, 10 * minute})
		w.advance(45 * minute)
		w.wantFetches(2)
		for range 4 {
			require.ErrorIs(t, w.m.Invalidate(w.m.Current(), api), manager.ErrSuppressed)
			w.advance(2 * minute)
		}
		require.Len(t, w.seen(manager.Suppressed), 1)
	})
}
