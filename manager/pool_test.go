package manager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func TestP1_AToken_IsCreatedOnFirstUseAndShared(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		require.Zero(t, w.pool.Stats().Tokens, "a handle adds nothing")
		require.Nil(t, h.Current())
		require.Equal(t, "t1", w.get("a"))
		require.Equal(t, "t1", w.get("a"))
		require.Equal(t, "t1", h.Current().Value())
		require.Equal(t, "t1", w.get("b"), "of another endpoint")
		w.wantFetches("a", 1)
		w.wantFetches("b", 1)
		require.Equal(t, 2, w.pool.Stats().Tokens)
		require.EqualValues(t, 2, w.pool.Stats().Fetches)
	})
}

func TestP1_AHandleReadsWithoutAllocating(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		w.get("a")
		ctx := t.Context()
		h.Token(ctx)
		require.Zero(t, testing.AllocsPerRun(100, func() { h.Token(ctx); h.Current() }))
		key := h.Key()
		require.Zero(t, testing.AllocsPerRun(100, func() { w.pool.Current(key) }), "through the key")
	})
}

func TestP3_AFailingTokenAffectsNoOther(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.endpoint("bad").fail = errDown
		w.endpoint("stuck").stuck = true
		bad, stuck := w.ask(w.of("bad").Token), w.ask(w.of("stuck").Token)
		require.Equal(t, "t1", w.get("a"))
		w.advance(second)
		require.ErrorIs(t, bad.failure(), errDown)
		require.Equal(t, "t1", w.get("b"))
		stuck.wantWaiting()
		w.advance(10 * second)
		require.Error(t, stuck.failure())
		require.Equal(t, "t1", w.get("c"))
		w.endpoint("panics").reply = func(int) (*oauth2.Token, error) { panic("no token") }
		p := w.ask(w.of("panics").Token)
		w.advance(second)
		require.Error(t, p.failure())
		require.Equal(t, "t1", w.get("a"))
	})
}

func TestP2_KeysOfDifferentListsDiffer(t *testing.T) {
	require.NotEqual(t, manager.KeyOf("ab", "c"), manager.KeyOf("a", "bc"))
	require.NotEqual(t, manager.KeyOf("a"), manager.KeyOf("a", ""))
	require.Equal(t, manager.KeyOf("a", "b"), manager.KeyOf("a", "b"))
}
