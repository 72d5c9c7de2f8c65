package interop

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func tryToken(t *testing.T, r *row) {
	c := r.newClient(t, r.Config())
	before := r.server.TokenRequests()
	asked := time.Now()
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, token.Value())
	scheme := "Bearer "
	if r.Config().DPoP != nil {
		scheme = "DPoP "
	}
	require.Equal(t, scheme+token.Value(), token.Authorization())
	// Servers count in whole seconds, some of them down.
	told := token.Expiry().Sub(asked)
	require.Greater(t, told, r.Lifetime-1100*time.Millisecond)
	require.Less(t, told, r.Lifetime+1100*time.Millisecond)
	require.Equal(t, before+1, r.server.TokenRequests())
}

func tryAPI(t *testing.T, r *row) {
	c := r.newClient(t, r.Config())
	before := r.server.TokenRequests()
	require.NoError(t, c.ask(t.Context()))
	require.NoError(t, c.ask(t.Context()))
	require.LessOrEqual(t, r.server.TokenRequests(), before+2)
	require.Zero(t, c.Stats().Unauthorized)
}

// tryExpiry has a few callers go on for more than two lifetimes.
func tryExpiry(t *testing.T, r *row) {
	c, before := r.warm(t)
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	start := time.Now()
	// A token is renewed no sooner than half its usable life, which is nine tenths of what it was told to live, and one
	// that was dead on arrival after a second.
	between := max(time.Until(token.Expiry())*4/10, time.Second)

	f := drive(t, 4, 20*time.Millisecond, c.ask)
	<-time.After(2*r.Lifetime + r.Lifetime/4)
	require.NoError(t, f.last())

	fetches := r.server.TokenRequests() - before
	require.GreaterOrEqual(t, fetches, 2)
	require.LessOrEqual(t, fetches, 1+int(time.Since(start)/between))
	require.Zero(t, c.Stats().Failed)
}
