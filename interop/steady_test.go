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
	received := time.Now()
	require.NoError(t, err)
	require.NotEmpty(t, token.Value())
	scheme := "Bearer "
	if r.Config().DPoP != nil {
		scheme = "DPoP "
	}
	require.Equal(t, scheme+token.Value(), token.Authorization())
	require.Greater(t, token.Expiry().Sub(asked), r.Lifetime-1100*time.Millisecond)
	require.Less(t, token.Expiry().Sub(received), r.Lifetime+1100*time.Millisecond)
	require.LessOrEqual(t, r.server.TokenRequests(), before+r.trips())
	require.EqualValues(t, 1, c.Stats().Fetches)
}

func tryAPI(t *testing.T, r *row) {
	c := r.newClient(t, r.Config())
	require.NoError(t, c.ask(t.Context()))
	require.NoError(t, c.ask(t.Context()))
	require.Zero(t, c.Stats().Unauthorized)
}

// tryExpiry has a few callers go on for more than two lifetimes.
func tryExpiry(t *testing.T, r *row) {
	start, before := time.Now(), r.server.TokenRequests()
	c, _ := r.warm(t)
	f := drive(t, 4, 100*time.Millisecond, c.ask)
	<-time.After(2*r.Lifetime + r.Lifetime/4)
	require.NoError(t, f.last())

	require.Zero(t, c.Stats().Failed)
	fetches := r.server.TokenRequests() - before
	require.GreaterOrEqual(t, fetches, 3)
	// Servers count in whole seconds, so that a token may live for one less. It is refreshed no sooner than after half
	// of the nine tenths of that in which it is handed out; one that was expired on arrival, after a second.
	between := (r.Lifetime - time.Second) * 45 / 100
	if between <= 0 || r.Reuses { // M5: a token that comes back is asked for once a second at its end
		between = time.Second
	}
	require.LessOrEqual(t, fetches, r.trips()+int(time.Since(start)/between))
}
