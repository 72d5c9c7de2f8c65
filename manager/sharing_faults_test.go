package manager_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
)

// Whatever is wrong with a store, no request fails, and a fetch takes 150 ms longer at most (D4).
func TestD4_NoFaultOfTheStoreFailsARequest(t *testing.T) {
	for name, fault := range map[string]memorystore.Fault{
		"down": memorystore.Down, "silent": memorystore.Silent, "nonsense": memorystore.Nonsense, "panics": memorystore.Panics,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 10)
				defer f.close()
				f.store.Set(fault)
				longest, failed := f.all()
				require.Zero(t, failed)
				require.Equal(t, 10, f.endpoint.count(), "each on its own")
				require.LessOrEqual(t, longest, 50*time.Millisecond+150*time.Millisecond)

				f.endpoint.revokeAll()
				longest, failed = f.all()
				require.Zero(t, failed)
				require.Equal(t, 20, f.endpoint.count())
				require.LessOrEqual(t, longest, time.Second+150*time.Millisecond+100*time.Millisecond, "a second apart, M13")

				// When it is back, a token is handed in, and none is fetched.
				f.store.Set(memorystore.None)
				time.Sleep(30 * time.Second)
				require.Equal(t, 20, f.endpoint.count())
				require.Equal(t, 1, f.store.Records())
				late := f.join(nil)
				require.NoError(t, f.call(late))
				require.Equal(t, 20, f.endpoint.count())
				synctest.Wait()
				require.NotEmpty(t, f.events.seen(manager.StoreFailed))
			})
		})
	}
}

func TestD4_AnEmptiedStoreCostsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 10)
		defer f.close()
		f.all()
		f.store.Flush()
		time.Sleep(30 * time.Second)
		require.Equal(t, 1, f.endpoint.count())
		require.Equal(t, 1, f.store.Records())
		synctest.Wait()
		require.NotEmpty(t, f.events.seen(manager.TokenOffered))
		require.NoError(t, f.call(f.join(nil)))
		require.Equal(t, 1, f.endpoint.count())
	})
}

// What is in the store shows nothing (D3).
func TestD3_TheStoreShowsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		defer f.close()
		f.all()
		f.endpoint.revokeAll()
		f.all()
		dump := f.store.Dump()
		require.NotEmpty(t, dump)
		for _, shown := range []string{"secret-token", "client-id", "example.com", fleetKey, "read"} {
			require.NotContains(t, dump, shown)
		}
	})
}

// A party that can write to the store can make it useless, and nothing more (D4).
func TestD4_AForgedStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		defer f.close()
		f.all()
		f.store.Change(func(s *store.State) {
			s.Record.Sealed, s.Record.Gen, s.Fence = []byte("forged"), s.Record.Gen+5, s.Fence+9
			s.Hold = store.HoldState{Fence: s.Fence, Until: store.TimeOf(time.Now().Add(time.Hour)), Class: store.Response, Failures: 3, Note: []byte("forged")}
		})
		f.endpoint.revokeAll()
		longest, failed := f.all()
		require.Zero(t, failed)
		require.Less(t, longest, 2*time.Second, "a forged hold is not obeyed, and a forged record counts as missing")
	})
}

// Close ends everything, whatever the store does (M14).
func TestM14_CloseDoesNotWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		f.all()
		f.store.Set(memorystore.Silent)
		go f.managers[0].Refresh(t.Context())
		time.Sleep(10 * time.Millisecond)
		start := time.Now()
		f.close()
		require.Less(t, time.Since(start), time.Second)
	})
}
