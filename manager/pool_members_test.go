package manager_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestP4_UnusedTokensAreForgottenAfterAnHour(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.endpoint("a").lifetime, w.endpoint("b").lifetime = 24*hour, 24*hour
		a := w.of("a")
		w.get("a")
		w.get("b")
		for range 5 {
			w.advance(30 * minute)
			require.Equal(t, "t1", w.ask(a.Token).token())
		}
		require.Equal(t, 1, w.pool.Stats().Tokens, "b was not used")
		w.advance(59 * minute)
		require.Equal(t, 1, w.pool.Stats().Tokens)
		w.advance(20 * minute)
		require.Zero(t, w.pool.Stats().Tokens)
		require.EqualValues(t, 2, w.pool.Stats().Forgotten)
		require.Equal(t, "t2", w.ask(a.Token).token(), "the handle goes on working")
	})
}

// The uses of a token whose successor arrives before the owner has looked again count as well.
func TestP4_UsesOfATokenThatWasReplacedCount(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.endpoint("a").lifetime = 19 * minute // its successor comes after 14 minutes
		h := w.of("a")
		w.ask(h.Token).wantToken("t1")
		for range 13 * 2 {
			w.advance(30 * second)
			w.ask(h.Token).wantToken("t1")
		}
		w.advance(90 * second)
		w.wantFetches("a", 2)
		for range 57 {
			w.advance(minute)
			require.Equal(t, 1, w.pool.Stats().Tokens)
		}
		w.advance(10 * minute)
		require.Zero(t, w.pool.Stats().Tokens)
	})
}

func TestP4_TheLeastRecentlyUsedMakesRoom(t *testing.T) {
	inPool(t, manager.PoolConfig{MaxTokens: 3}, func(t *testing.T, w *poolWorld) {
		for _, name := range []string{"a", "b", "c"} {
			w.get(name)
			w.advance(second)
		}
		require.Equal(t, "t1", w.get("a"))
		w.advance(second)
		w.get("d")
		synctest.Wait()
		require.Equal(t, 3, w.pool.Stats().Tokens)
		require.EqualValues(t, 1, w.pool.Stats().Evicted)
		require.Zero(t, w.of("b").Stats().Token)
		require.NotNil(t, w.of("a").Current())
		require.NotNil(t, w.of("c").Current())
		require.Equal(t, "t2", w.get("b"))
	})
}

func TestP4_BusyTokensStayAndHaveABound(t *testing.T) {
	inPool(t, manager.PoolConfig{MaxTokens: 4, MaxBusy: 3}, func(t *testing.T, w *poolWorld) {
		w.get("idle")
		var waiting []*caller
		for i := range 3 {
			name := fmt.Sprint("busy", i)
			w.endpoint(name).latency = 4 * second
			waiting = append(waiting, w.ask(w.of(name).Token))
		}
		require.ErrorIs(t, w.ask(w.of("one too many").Token).failure(), manager.ErrPoolFull)
		require.Equal(t, "t1", w.get("idle"), "what is there is served")
		require.EqualValues(t, 1, w.pool.Stats().Refused)
		w.advance(4 * second)
		for _, c := range waiting {
			c.wantToken("t1")
		}
		require.Equal(t, "t1", w.get("one too many"))
	})
}

func TestP4_AFailingTokenIsBusyForAQuietMinuteAndKeepsATrimmedError(t *testing.T) {
	inPool(t, manager.PoolConfig{MaxTokens: 1}, func(t *testing.T, w *poolWorld) {
		w.endpoint("a").fail = later{errDown, 5 * minute}
		failed := w.ask(w.of("a").Token)
		require.ErrorIs(t, failed.failure(), errDown)
		require.Equal(t, 1, w.pool.Stats().Busy)
		require.ErrorIs(t, w.ask(w.of("b").Token).failure(), manager.ErrPoolFull)
		w.advance(minute)
		require.Zero(t, w.pool.Stats().Busy)
		again := w.ask(w.of("a").Token).failure()
		require.NotErrorIs(t, again, errDown)
		require.Contains(t, again.Error(), errDown.Error())
		require.Equal(t, nextAttempt(t, failed.err), nextAttempt(t, again))
		w.wantFetches("a", 1)
		w.advance(minute)
		require.Equal(t, "t1", w.get("b"), "a is idle again and makes room")
	})
}

func TestP4_ForgetTakesEffectAtTheNextFetch(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		require.Equal(t, "t1", w.ask(h.Token).token())
		h.Forget()
		require.Equal(t, "t2", w.ask(h.Token).token())
		w.endpoint("a").set(func(e *endpoint) { e.latency = second })
		h.Forget()
		waiting := w.ask(h.Token)
		waiting.wantWaiting()
		h.Forget() // the caller goes on waiting, for what is fetched from now on
		waiting.wantWaiting()
		w.advance(second)
		waiting.wantToken("t4")
		require.Zero(t, w.pool.Stats().Waits[manager.WaitFailed])
	})
}

func TestP4_AnEntryCreatedAgainNeverServesARejectedValue(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.endpoint("a").repeatedly("same", hour)
		h := w.of("a")
		first := w.ask(h.Token)
		first.wantToken("same")
		w.endpoint("a").set(func(e *endpoint) { e.latency = hour })
		require.NoError(t, h.Invalidate(first.got, api))
		h.Forget()
		w.endpoint("a").set(func(e *endpoint) { e.latency = 0 })
		again := w.ask(h.Token)
		w.advance(second)
		require.Error(t, again.failure())
		w.endpoint("a").set(func(e *endpoint) { e.reply = nil })
		w.advance(minute)
		require.NotEqual(t, "same", w.get("a"))
	})
}

func TestP4_ManyTargetsAreBounded(t *testing.T) {
	inPool(t, manager.PoolConfig{MaxTokens: 50}, func(t *testing.T, w *poolWorld) {
		for i := range 500 {
			w.get(fmt.Sprint(i))
			if i%50 == 0 {
				w.advance(second)
			}
		}
		require.Equal(t, 50, w.pool.Stats().Tokens)
		require.EqualValues(t, 450, w.pool.Stats().Evicted)
	})
}

func TestP4_ImpossibleSettingsAreRefused(t *testing.T) {
	_, err := manager.NewPool(manager.PoolConfig{IdleTime: second, MaxTokens: -1, MaxBusy: -1, Owners: -1})
	for _, field := range []string{"IdleTime", "MaxTokens", "MaxBusy", "Owners"} {
		require.ErrorContains(t, err, field)
	}
}

func TestP4_ATokenThatIsBusyAgainStays(t *testing.T) {
	inPool(t, manager.PoolConfig{MaxTokens: 2}, func(t *testing.T, w *poolWorld) {
		w.get("a")
		w.advance(second)
		w.get("b")
		w.endpoint("a").set(func(e *endpoint) { e.latency = 4 * second })
		waiting := w.ask(w.of("a").Refresh) // the least recently used one, but a caller waits
		w.advance(2 * second)
		require.Equal(t, "t1", w.get("b"))
		require.Equal(t, "t1", w.get("c"))
		waiting.wantWaiting()
		w.advance(2 * second)
		waiting.wantToken("t2")
		w.wantFetches("a", 2)
		require.Equal(t, "t2", w.get("b"))
	})
}
