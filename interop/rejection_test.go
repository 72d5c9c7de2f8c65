package interop

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// storm lets one storm rage at a time: several would only show how slow the machine is.
var storm sync.Mutex

// tryRevocation revokes the token that 200 callers are using.
func tryRevocation(t *testing.T, r *row) {
	storm.Lock()
	defer storm.Unlock()
	stats, requests := r.undisturbed(t, func(c *client) error {
		f := drive(t, 200, time.Millisecond, c.ask)
		f.await(t, 200)
		require.NoError(t, r.server.Revoke(t.Context()))
		return f.last()
	})
	require.NotZero(t, stats.Unauthorized)
	require.Equal(t, stats.Unauthorized, stats.Healed)
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
	require.LessOrEqual(t, requests, r.trips())
}

// tryNewKeys restarts the server with other keys, so that no token is good any more.
func tryNewKeys(t *testing.T, r *row) {
	stats, requests := r.undisturbed(t, func(c *client) error {
		r.server.Stop()
		require.NoError(t, r.server.Start(t.Context(), true))
		return c.ask(t.Context())
	})
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
	require.LessOrEqual(t, requests, r.trips())
}

// undisturbed has something done with a client that holds a good token, until the token was not to be renewed anyway while it
// was done: tokens live for a few seconds, and the machine may have been busy. It returns the client's figures, and how many
// token requests there were.
func (r *row) undisturbed(t *testing.T, do func(*client) error) (stats alf.Stats, requests int) {
	t.Helper()
	for range 10 {
		c, before := r.warm(t)
		err := do(c)
		stats, requests = c.Stats(), r.server.TokenRequests()-before
		c.Close()
		if stats.FetchesBy[manager.CauseDue] == 0 && stats.FetchesBy[manager.CauseExpired] == 0 {
			require.NoError(t, err)
			return stats, requests
		}
	}
	t.Fatal("this machine is too busy: in ten times, nothing was done before the token was due for renewal")
	return
}

// tryRotation gives the client other credentials while it goes on.
func tryRotation(t *testing.T, r *row) {
	c, _ := r.warm(t)
	f := drive(t, 4, 10*time.Millisecond, c.ask)
	f.await(t, 4)
	require.NoError(t, r.Rotate(t.Context()))
	_, err := c.Refresh(t.Context())
	require.NoError(t, err)
	require.NoError(t, f.last())
}
