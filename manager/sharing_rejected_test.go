package manager_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
	"github.com/stretchr/testify/require"
)

func TestD5_ARevokedTokenIsReplacedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 20)
		defer f.close()
		f.all()
		f.endpoint.revokeAll()
		_, failed := f.all()
		require.Zero(t, failed)
		require.Equal(t, 2, f.endpoint.count())

		// A late rejection of the older one costs nothing.
		for _, m := range f.managers {
			require.NoError(t, m.InvalidateValue("secret-token-1", fleetAPI))
		}
		time.Sleep(time.Second)
		require.Equal(t, 2, f.endpoint.count())
	})
}

// slowToPublish is a store that takes its time over every token that is handed in.
type slowToPublish struct{ store.Store }

func (s slowToPublish) Do(ctx context.Context, id store.ID, c store.Command) (store.Reply, error) {
	if c.Kind == store.Publish {
		time.Sleep(100 * time.Millisecond)
	}
	return s.Store.Do(ctx, id, c)
}

// That an origin has accepted a token is of use to the store once it has the token, and must not overtake it: else the
// origin would count as one that rejects every token, and its rejections would be suppressed.
func TestD5_AnOutcomeDoesNotOvertakeItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 0)
		defer f.close()
		m := f.join(func(c *manager.Config) { c.Sharing.Store = slowToPublish{f.store} })
		for range 20 {
			require.NoError(t, f.call(m))
			f.endpoint.revokeAll()
			time.Sleep(10 * time.Second)
		}
		require.Equal(t, 20, f.endpoint.count())
	})
}
