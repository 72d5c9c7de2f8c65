package main

import (
	"context"
	"runtime"

	"github.com/aws/smithy-go/auth/bearer"
)

var smithyCache = peer{
	name:   "smithy",
	module: "github.com/aws/smithy-go",
	reader: func() func(n int) {
		c := bearer.NewTokenCache(bearer.StaticTokenProvider{Token: bearer.Token{Value: cached, CanExpire: true, Expires: inAnHour()}})
		ctx := context.Background()
		return func(n int) {
			var t bearer.Token
			for range n {
				t, _ = c.RetrieveBearerToken(ctx)
			}
			runtime.KeepAlive(&t)
		}
	},
	source: func(e *endpoint, t tuning) source {
		return smithySource{bearer.NewTokenCache(bearer.TokenProviderFunc(func(ctx context.Context) (bearer.Token, error) {
			value, expiry, err := e.fetch(ctx)
			return bearer.Token{Value: value, CanExpire: true, Expires: expiry}, err
		}), func(o *bearer.TokenCacheOptions) { o.RefreshBeforeExpires = t.early })}
	},
}

type smithySource struct{ *bearer.TokenCache }

// Token is the library's own.
func (s smithySource) Token(ctx context.Context) (string, error) {
	t, err := s.RetrieveBearerToken(ctx)
	return t.Value, err
}
