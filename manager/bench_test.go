package manager_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// BenchmarkM1_ReadToken holds the hot path against its floor, one atomic load and one clock read, in the same run.
func BenchmarkM1_ReadToken(b *testing.B) {
	fetch := func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "value", Expiry: time.Now().Add(time.Hour)}, nil
	}
	m, err := manager.New(manager.Config{Fetcher: manager.FetcherFunc(fetch)})
	require.NoError(b, err)
	b.Cleanup(func() { m.Close() })
	token, err := m.Token(b.Context())
	require.NoError(b, err)

	type held struct {
		token *manager.Token
		end   time.Time
	}
	var pointer atomic.Pointer[held]
	pointer.Store(&held{token, token.Expiry()})
	floor := func() *manager.Token {
		h := pointer.Load()
		if !time.Now().Before(h.end) {
			return nil
		}
		return h.token
	}
	ctx := b.Context()
	for _, c := range []struct {
		name string
		read func() *manager.Token
	}{
		{"floor", floor},
		{"alf", func() *manager.Token { t, _ := m.Token(ctx); return t }},
	} {
		b.Run("one/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.read() == nil {
					b.Fatal("no token")
				}
			}
		})
		b.Run("parallel/"+c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if c.read() == nil {
						b.Error("no token")
					}
				}
			})
		})
	}
}

// BenchmarkP6_ReadHandle holds reading through a handle and by a key against reading a manager's token.
func BenchmarkP6_ReadHandle(b *testing.B) {
	fetcher := manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: "value", TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
	})
	m, err := manager.New(manager.Config{Fetcher: fetcher})
	require.NoError(b, err)
	p, err := manager.NewPool(manager.PoolConfig{})
	require.NoError(b, err)
	b.Cleanup(func() { m.Close(); p.Close() })
	ctx, key := b.Context(), manager.KeyOf("one")
	h := p.Handle(key, fetcher)
	for range 2 {
		_, err = m.Token(ctx)
		require.NoError(b, err)
		_, err = h.Token(ctx)
		require.NoError(b, err)
	}
	for _, c := range []struct {
		name string
		read func() *manager.Token
	}{
		{"manager", func() *manager.Token { t, _ := m.Token(ctx); return t }},
		{"handle", func() *manager.Token { t, _ := h.Token(ctx); return t }},
		{"key", func() *manager.Token { return p.Current(key) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if c.read() == nil {
					b.Fatal("no token")
				}
			}
		})
	}
}
