package fleet_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/store"
)

func TestMain(m *testing.M) {
	if fleet.IsProcess() {
		os.Exit(fleet.Main(fleet.Program{Open: func(directory string) (store.Store, error) { return filestore.New(directory) }}))
	}
	goleak.VerifyTestMain(m)
}

// start starts processes over a file store.
func start(t *testing.T, n int) (*fleet.Fleet, *fleet.Server) {
	server, err := fleet.NewServer()
	require.NoError(t, err)
	task := server.Task()
	task.Store, task.StoreKey = filepath.Join(t.TempDir(), "store"), "a key for the tests of the fleet"
	task.Every = 50 * time.Millisecond
	f, err := fleet.Start(t.Context(), "p", n, task)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, f.Close())
		server.Close()
	})
	return f, server
}

// until waits for real processes.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, fleet.Until(ctx, what, holds))
}

// arrives waits for the token request that a gate stops.
func arrives(t *testing.T, gate *fleet.Gate) {
	t.Helper()
	until(t, "a token request", func() bool {
		select {
		case <-gate.Arrived:
			return true
		default:
			return false
		}
	})
}

// alone reports whether processes that live have fetched without a lease: the machine was too busy for the store's time
// limit. Then it is not known how many token requests there are.
func alone(t *testing.T, f *fleet.Fleet) bool {
	counts, err := f.Count(t.Context())
	require.NoError(t, err)
	return counts.Alone > 0
}

// TestD1_ProcessesShareOneToken, and it is replaced once.
func TestD1_ProcessesShareOneToken(t *testing.T) {
	f, server := start(t, 4)
	require.NoError(t, f.Send())
	until(t, "all have one token", func() bool { return f.Agreed(server, 0) })
	issued := server.Issued()
	server.Revoke()
	until(t, "all have another one", func() bool { return f.Agreed(server, issued) })
	require.Empty(t, f.Failures())
	require.NoError(t, f.Rest())
	counts, err := f.Count(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, server.Requests(), counts.Fetches)
	require.EqualValues(t, server.Served(), counts.Requests)
	if !alone(t, f) {
		require.Equal(t, 2, server.Requests())
	}
}

// TestD7_AProcessIsKilledOrStoppedInMidFetch: the others have a token all the same.
func TestD7_AProcessIsKilledOrStoppedInMidFetch(t *testing.T) {
	f, server := start(t, 3)
	gate := server.StopNext()
	require.NoError(t, f.Send())
	arrives(t, gate)
	until(t, "it is known which one fetches", func() bool { return len(f.Fetching()) > 0 })
	f.Kill(f.Fetching()[0])
	until(t, "the others have a token", func() bool { return f.Agreed(server, 0) })
	if !alone(t, f) {
		require.Equal(t, 2, server.Requests())
	}

	before, issued := server.Requests(), server.Issued()
	gate = server.StopNext()
	server.Revoke()
	arrives(t, gate)
	until(t, "it is known which one fetches", func() bool { return len(f.Fetching()) > 0 })
	stopped := f.Fetching()[0]
	require.NoError(t, stopped.Suspend())
	gate.Open()
	until(t, "the other has a token", func() bool {
		latest := server.Latest()
		for _, p := range f.Processes() {
			if p != stopped && latest[p.Name()] > issued {
				return true
			}
		}
		return false
	})
	require.NoError(t, stopped.Continue())
	until(t, "both have the same token", func() bool { return f.Agreed(server, issued) })
	if !alone(t, f) {
		until(t, "both have the newer token", func() bool { return f.Agreed(server, issued+1) })
		require.Equal(t, 2, server.Requests()-before)
	}
	require.Empty(t, f.Failures())
}

// TestFleet_ReportsWhatGoesWrong in processes.
func TestFleet_ReportsWhatGoesWrong(t *testing.T) {
	server, err := fleet.NewServer()
	require.NoError(t, err)
	defer server.Close()
	task := server.Task()
	task.Store = "/dev/null/no directory"
	_, err = fleet.Start(t.Context(), "p", 1, task)
	require.ErrorContains(t, err, "p1: the store cannot be opened")

	f, err := fleet.Start(t.Context(), "q", 1, server.Task())
	require.NoError(t, err)
	server.SetStatus(503)
	require.NoError(t, f.Send())
	until(t, "a request fails", func() bool { return len(f.Failures()) > 0 })
	require.Contains(t, f.Failures()[0].String(), "503")
	require.NoError(t, f.Close())
}
