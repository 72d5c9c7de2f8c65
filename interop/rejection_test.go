package interop

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

// storm lets one storm rage at a time: several would only show how slow the machine is.
var storm sync.Mutex

// tryRevocation revokes the token that 200 callers are using.
func tryRevocation(t *testing.T, r *row) {
	storm.Lock()
	defer storm.Unlock()
	c, before := r.warm(t)
	f := drive(t, 200, time.Millisecond, c.ask)
	f.await(t, 200)
	require.NoError(t, r.server.Revoke(t.Context()))
	f.end(t)

	stats := c.Stats()
	require.NotZero(t, stats.Unauthorized)
	require.Equal(t, stats.Unauthorized, stats.Healed)
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
	require.EqualValues(t, stats.Fetches-1, r.server.TokenRequests()-before, "no token request but the client's fetches")
}

// tryNewKeys restarts the server with other keys, so that no token is good any more.
func tryNewKeys(t *testing.T, r *row) {
	c, before := r.warm(t)
	r.server.Stop()
	require.NoError(t, r.server.Start(t.Context(), true))
	require.NoError(t, c.ask(t.Context()))
	require.EqualValues(t, 1, c.Stats().FetchesBy[manager.CauseRejected])
	require.Equal(t, before+1, r.server.TokenRequests())
}

// tryRotation gives the client other credentials while it goes on.
func tryRotation(t *testing.T, r *row) {
	c, _ := r.warm(t)
	f := drive(t, 4, 10*time.Millisecond, c.ask)
	f.await(t, 4)
	require.NoError(t, r.Rotate(t.Context()))
	_, err := c.Refresh(t.Context())
	require.NoError(t, err)
	f.end(t)
	require.Zero(t, c.Stats().Failed)
}
