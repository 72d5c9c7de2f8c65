package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// poolWorld is a pool on a mock clock in a bubble. Every target has an endpoint of its own, with a small language as in
// world.
type poolWorld struct {
	*testing.T
	clock *clock.Mock
	pool  *manager.Pool

	mu        sync.Mutex
	endpoints map[string]*endpoint
	events    []manager.Event
}

func inPool(t *testing.T, cfg manager.PoolConfig, test func(t *testing.T, w *poolWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &poolWorld{T: t, clock: clock.NewMock(), endpoints: map[string]*endpoint{}}
		if cfg.Clock == nil {
			cfg.Clock = w.clock
		}
		cfg.Rand = func() float64 { return 0.5 }
		cfg.Hook = func(e manager.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
		}
		p, err := manager.NewPool(cfg)
		require.NoError(t, err)
		w.pool = p
		defer func() {
			for _, e := range w.endpoints {
				e.releaseAll()
			}
			synctest.Wait()
			p.Close()
		}()
		test(t, w)
	})
}

func (w *poolWorld) endpoint(name string) *endpoint {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.endpoints[name]
	if e == nil {
		e = &endpoint{clock: w.clock, lifetime: 100 * second}
		w.endpoints[name] = e
	}
	return e
}

// of is a handle for a target, whose tokens are called t1, t2, ...
func (w *poolWorld) of(name string) *manager.Handle {
	return w.pool.Handle(manager.KeyOf(name), w.endpoint(name))
}

func (w *poolWorld) advance(d time.Duration) {
	synctest.Wait()
	w.clock.Add(d)
	synctest.Wait()
}

func (w *poolWorld) ask(ask func(context.Context) (*manager.Token, error)) *caller {
	c := &caller{world: &world{T: w.T, clock: w.clock}, done: make(chan struct{})}
	start := w.clock.Now()
	go func() {
		defer close(c.done)
		c.got, c.err = ask(context.Background())
		c.after = w.clock.Since(start)
	}()
	synctest.Wait()
	return c
}

func (w *poolWorld) get(name string) string {
	w.Helper()
	return w.ask(w.of(name).Token).token()
}

func (w *poolWorld) wantFetches(name string, n int) {
	w.Helper()
	synctest.Wait()
	require.Equal(w, n, w.endpoint(name).count(), "fetches of %s", name)
}

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

func TestP5_IdleTokensCostNoGoroutine(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.get("first")
		before := runtime.NumGoroutine()
		for i := range 1000 {
			w.get(fmt.Sprint(i))
		}
		synctest.Wait()
		require.LessOrEqual(t, runtime.NumGoroutine(), before+10) // others of this process come and go
		require.Zero(t, w.pool.Stats().Busy)
	})
}

func TestP7_RefreshedAheadWhileInUse(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		w.ask(h.Token).wantToken("t1")
		w.get("b")
		w.advance(67500 * ms)
		w.wantFetches("a", 2)
		w.ask(h.Token).wantToken("t2")
		w.advance(67500 * ms) // b was read by the caller that waited, so it is refreshed once
		w.wantFetches("b", 2)
		w.wantFetches("a", 3)
		w.advance(10 * minute)
		w.wantFetches("b", 2)
		require.Nil(t, h.Current())
	})
}

func TestP7_M2_WithdrawnByTheTimeElapsedThoughTheClockWasSteppedBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mock := clock.NewMock()
		offset.Store(0)
		p, err := manager.NewPool(manager.PoolConfig{Clock: skewed{mock, &offset}, Rand: func() float64 { return 0.5 }, Owners: 1})
		require.NoError(t, err)
		defer p.Close()
		a, b := &endpoint{clock: mock, lifetime: 100 * second}, &endpoint{clock: mock, lifetime: 50 * second}
		w := &poolWorld{T: t, clock: mock, pool: p}
		ha, hb := p.Handle(manager.KeyOf("a"), a), p.Handle(manager.KeyOf("b"), b)
		w.ask(ha.Token).wantToken("t1")
		w.ask(hb.Token).wantToken("t1")
		a.set(func(e *endpoint) { e.fail = permanent{errDown} })
		b.set(func(e *endpoint) { e.fail = permanent{errDown} })
		w.advance(20 * second)
		offset.Store(-int64(hour))
		require.NotNil(t, hb.Current())
		w.ask(ha.Refresh).failure() // a message, by which the owner reads the clock
		hb.Forget()                 // the nearest effective expiry is gone
		w.advance(69 * second)
		require.NotNil(t, ha.Current())
		w.advance(second)
		require.Nil(t, ha.Current())
		offset.Store(0)
	})
}

func TestP7_M12_ARejectedTokenIsReplaced(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		old := w.ask(h.Token)
		old.wantToken("t1")
		w.ask(func(ctx context.Context) (*manager.Token, error) { return h.Replace(ctx, old.got, api) }).wantToken("t2")
		w.ask(func(ctx context.Context) (*manager.Token, error) { return h.Replace(ctx, old.got, api) }).wantToken("t2")
		w.wantFetches("a", 2)
		require.Equal(t, "t1", w.get("b"))
	})
}

func TestP7_M14_CloseEndsEverything(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.get("a")
		w.endpoint("b").hang = true
		waiting := w.ask(w.of("b").Token)
		waiting.wantWaiting()
		h := w.of("a")
		require.NoError(t, w.pool.Close())
		require.ErrorIs(t, waiting.failure(), manager.ErrClosed)
		require.ErrorIs(t, w.ask(h.Token).failure(), manager.ErrClosed)
		require.ErrorIs(t, w.ask(w.of("c").Token).failure(), manager.ErrClosed)
		require.True(t, w.pool.Stats().Closed)
		require.NoError(t, w.pool.Close())
	})
}

func TestP7_W1_AWatchedTokenStaysAndGoesOnAfterForget(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		h := w.of("a")
		ctx, cancel := context.WithCancel(t.Context())
		var seen []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for token, err := range h.Watch(ctx) {
				require.NoError(t, err)
				seen = append(seen, token.Value())
			}
		}()
		w.advance(3 * hour)
		require.GreaterOrEqual(t, w.endpoint("a").count(), 100)
		require.Equal(t, 1, w.pool.Stats().Tokens)
		n := len(seen)
		require.GreaterOrEqual(t, n, 100)
		h.Forget()
		synctest.Wait()
		require.Len(t, seen, n+1)
		cancel()
		<-done
	})
}

func TestP7_M18_EventsNameTheTarget(t *testing.T) {
	inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
		w.ask(w.pool.Handle(manager.KeyOf("x"), named2{w.endpoint("x"), "stock"}).Token).token()
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		require.NotEmpty(t, w.events)
		for _, e := range w.events {
			require.Equal(t, "stock", e.Target)
		}
	})
}

type named2 struct {
	*endpoint
	name string
}

func (n named2) String() string { return n.name }

func TestP2_KeysOfDifferentListsDiffer(t *testing.T) {
	require.NotEqual(t, manager.KeyOf("ab", "c"), manager.KeyOf("a", "bc"))
	require.NotEqual(t, manager.KeyOf("a"), manager.KeyOf("a", ""))
	require.Equal(t, manager.KeyOf("a", "b"), manager.KeyOf("a", "b"))
}

func TestP4_ImpossibleSettingsAreRefused(t *testing.T) {
	_, err := manager.NewPool(manager.PoolConfig{IdleTime: second, MaxTokens: -1, MaxBusy: -1, Owners: -1})
	for _, field := range []string{"IdleTime", "MaxTokens", "MaxBusy", "Owners"} {
		require.ErrorContains(t, err, field)
	}
}

// Extra is kept as text. What the text would lose is kept as it came.
func TestP5_WhatCameWithATokenIsReturnedAsItCame(t *testing.T) {
	for name, members := range map[string]map[string]any{
		"none":   nil,
		"empty":  {},
		"plain":  {"scope": "a b", "expires_in": 3600.0, "nested": map[string]any{"list": []any{1.5, "x<&>\u2028", nil, true}}},
		"int":    {"expires_in": 3600},
		"strict": {"big": json.Number("12345678901234567890")},
		"bytes":  {"text": "\xff"},
	} {
		inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
			w.endpoint("a").reply = func(int) (*oauth2.Token, error) {
				return named("value", w.clock.Now().Add(hour)).WithExtra(members), nil
			}
			c := w.ask(w.of("a").Token)
			c.wantToken("value")
			got := c.got.OAuth2()
			require.Equal(t, "value", got.AccessToken)
			require.Equal(t, "bearer", got.TokenType)
			require.Equal(t, "Bearer value", c.got.Authorization())
			for key, value := range members {
				require.Equal(t, value, got.Extra(key), "%s: %s", name, key)
			}
			require.Nil(t, got.Extra("other"))
		})
		inPool(t, manager.PoolConfig{}, func(t *testing.T, w *poolWorld) {
			w.endpoint("a").reply = func(int) (*oauth2.Token, error) {
				token := &oauth2.Token{AccessToken: "value", TokenType: "Bearer", Expiry: w.clock.Now().Add(hour)}
				return token.WithExtra(members), nil
			}
			c := w.ask(w.of("a").Token)
			c.wantToken("value")
			got := c.got.OAuth2()
			require.Equal(t, "value", got.AccessToken)
			require.Equal(t, "Bearer", got.TokenType)
			for key, value := range members {
				require.Equal(t, value, got.Extra(key), "%s: %s", name, key)
			}
		})
	}
}

// TestP5_AnIdleTokenIsSmall weighs 20,000 tokens with a value of 1,000 bytes and the other members of a response. The
// table of keys and the heaps have room to spare, which is less per token the fuller they are.
func TestP5_AnIdleTokenIsSmall(t *testing.T) {
	const n = 20_000
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	fetch := manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		value := fmt.Sprintf("%01000d", time.Now().UnixNano())
		token := &oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}
		return token.WithExtra(map[string]any{"token_type": "Bearer", "expires_in": 3600.0, "scope": "read write"}), nil
	})
	p, err := manager.NewPool(manager.PoolConfig{})
	require.NoError(t, err)
	defer p.Close()
	before := heap()
	for i := range n {
		_, err := p.Handle(manager.KeyOf(fmt.Sprint(i)), fetch).Token(t.Context())
		require.NoError(t, err)
	}
	require.Zero(t, p.Stats().Busy)
	require.Less(t, (heap()-before)/n, 1600.0)
	require.Equal(t, n, p.Stats().Tokens)
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
