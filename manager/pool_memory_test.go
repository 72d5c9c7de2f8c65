package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

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
