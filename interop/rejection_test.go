package interop

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// storm lets one storm rage at a time: several would only show how slow the machine is.
var storm sync.Mutex

// tryRevocation revokes the token that 200 requests are on their way with.
func tryRevocation(t *testing.T, r *row) {
	storm.Lock()
	defer storm.Unlock()
	const requests = 200
	open := func(c *client) error { return burst(requests, func() error { return c.ask(t.Context()) }) }
	stats, asked := r.undisturbed(t, open, func(c *client) error {
		var first sync.Once
		err := burst(requests, func() (err error) {
			err = c.ask(t.Context())
			first.Do(func() { err = errors.Join(err, r.server.Revoke(t.Context())) })
			return err
		})
		return errors.Join(err, c.ask(t.Context())) // should all have been too quick
	})
	require.NotZero(t, stats.Unauthorized)
	require.Equal(t, stats.Unauthorized, stats.RetrySucceeded)
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
	require.LessOrEqual(t, asked, r.trips())
}

// burst makes n requests at once. It returns the errors.
func burst(n int, ask func() error) error {
	failures := make([]error, n)
	var all sync.WaitGroup
	for i := range failures {
		all.Go(func() { failures[i] = ask() })
	}
	all.Wait()
	return errors.Join(failures...)
}

// tryNewKeys restarts the server with other keys, so that no token is good any more.
func tryNewKeys(t *testing.T, r *row) {
	nothing := func(*client) error { return nil }
	stats, asked := r.undisturbed(t, nothing, func(c *client) error {
		r.server.Stop()
		require.NoError(t, r.server.Start(t.Context(), true))
		return c.ask(t.Context())
	})
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
	require.LessOrEqual(t, asked, r.trips())
}

// undisturbed has something prepared with a client, gives that a token that is quite new, and has something done with
// it. It starts over if the token was to be refreshed anyway while that was done: tokens live for a few seconds, and
// the machine may be busy. It returns the client's figures, and how many token requests were made for what was done.
func (r *row) undisturbed(t *testing.T, prepare, do func(*client) error) (stats alf.Stats, requests int) {
	t.Helper()
	for range 10 {
		c := r.newClient(t, r.Config())
		require.NoError(t, prepare(c))
		if r.Reuses { // or it would get the token that it has, with what is left of its lifetime
			require.NoError(t, r.server.Revoke(t.Context()))
		}
		_, err := c.Refresh(t.Context())
		require.NoError(t, err)
		known, before := refreshes(c.Stats()), r.server.TokenRequests()
		err = do(c)
		// A refresh may begin at any time: whatever the server has counted by now, the client has as well in the end.
		requests = r.server.TokenRequests() - before
		require.NoError(t, c.Close())
		stats = c.Stats()
		if refreshes(stats) == known {
			require.NoError(t, err)
			return stats, requests
		}
	}
	t.Fatal("this machine is too busy: in ten times, nothing was done before the token reached its refresh time")
	return
}

// refreshes are the fetches for want of a token that lasts.
func refreshes(s alf.Stats) uint64 {
	return s.FetchesBy[manager.CauseRefresh] + s.FetchesBy[manager.CauseExpired]
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
