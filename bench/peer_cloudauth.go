package main

import (
	"context"
	"runtime"

	"cloud.google.com/go/auth"
)

var cloudAuth = peer{
	name:   "cloud auth",
	module: "cloud.google.com/go/auth",
	reader: func() func(n int) {
		p := auth.NewCachedTokenProvider(cloudFunc(func(context.Context) (*auth.Token, error) {
			return &auth.Token{Value: cached, Expiry: inAnHour()}, nil
		}), nil)
		ctx := context.Background()
		return func(n int) {
			var t *auth.Token
			for range n {
				t, _ = p.Token(ctx)
			}
			runtime.KeepAlive(t)
		}
	},
	source: func(e *endpoint, t tuning) source {
		return cloudSource{auth.NewCachedTokenProvider(cloudFunc(func(ctx context.Context) (*auth.Token, error) {
			value, expiry, err := e.fetch(ctx)
			if err != nil {
				return nil, err
			}
			return &auth.Token{Value: value, Expiry: expiry}, nil
		}), &auth.CachedTokenProviderOptions{ExpireEarly: t.early})}
	},
}

type cloudFunc func(context.Context) (*auth.Token, error)

// Token calls f.
func (f cloudFunc) Token(ctx context.Context) (*auth.Token, error) { return f(ctx) }

type cloudSource struct{ auth.TokenProvider }

// Token is the library's own.
func (s cloudSource) Token(ctx context.Context) (string, error) {
	t, err := s.TokenProvider.Token(ctx)
	if err != nil {
		return "", err
	}
	return t.Value, nil
}
