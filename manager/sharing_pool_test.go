package manager_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/manager"
)

// pooledFetcher is the fetcher of a shared token in a pool.
type pooledFetcher struct {
	*issuer
	sharing *manager.Sharing
}

func (f pooledFetcher) Sharing() *manager.Sharing { return f.sharing }

// A token of a pool is shared like that of a manager, also after it was packed (P5, P7).
func TestP7_SharedTokensOfPools(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		var handles []*manager.Handle
		for range 5 {
			p, err := manager.NewPool(manager.PoolConfig{Owners: 1})
			require.NoError(t, err)
			defer p.Close()
			handles = append(handles, p.Handle(manager.KeyOf("t"), pooledFetcher{&f.endpoint, f.sharing()}))
		}
		all := func() {
			for _, h := range handles {
				require.NoError(t, f.call(h))
			}
			require.NoError(t, f.call(f.managers[0]))
		}
		all()
		require.Equal(t, 1, f.endpoint.count())
		time.Sleep(5 * time.Minute) // they are packed
		f.endpoint.revokeAll()
		all()
		require.Equal(t, 2, f.endpoint.count())

		f.store.Set(memorystore.Down)
		f.endpoint.revokeAll()
		all()
		require.Equal(t, 8, f.endpoint.count(), "each on its own")
		f.store.Set(memorystore.None)
		time.Sleep(time.Minute)
		require.Equal(t, 1, f.store.Records(), "one has handed in its token")
		require.Equal(t, 8, f.endpoint.count())
		require.Positive(t, handles[0].Stats().Sharing.Errors)
	})
}
