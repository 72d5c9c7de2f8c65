package manager_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestD1_ColdProcessesMakeOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 20)
		defer f.close()
		longest, failed := f.all()
		require.Zero(t, failed)
		require.Equal(t, 1, f.endpoint.count())
		require.Less(t, longest, 200*time.Millisecond)
		for _, m := range f.managers {
			token := m.Current()
			require.Equal(t, "secret-token-1", token.Value())
			require.Equal(t, "read", token.OAuth2().Extra("scope"))
		}
		synctest.Wait()
		var shared int
		for _, e := range f.events.seen(manager.Published) {
			if e.Cause == manager.CauseShared {
				shared++
			}
		}
		require.Equal(t, 19, shared, "D10: it is visible where a token comes from")
	})
}

// Tokens are refreshed once for all, ahead of their expiry.
func TestD1_OneRefreshForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 20)
		defer f.close()
		f.endpoint.life = 100 * time.Second
		for range 100 {
			_, failed := f.all()
			require.Zero(t, failed)
			time.Sleep(3 * time.Second)
		}
		require.InDelta(t, 5, f.endpoint.count(), 2, "300 s of tokens that live for 100 s")
	})
}

// A key that is replaced costs no token request (D1).
func TestD1_AKeyIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		defer f.close()
		f.all()
		key := func(current, previous string) func(c *manager.Config) {
			return func(c *manager.Config) {
				c.Sharing.Key = func(context.Context) ([]byte, []byte, error) { return []byte(current), []byte(previous), nil }
			}
		}
		require.NoError(t, f.call(f.join(key("another key, also long enough", fleetKey))))
		require.NoError(t, f.call(f.join(key("another key, also long enough", ""))))
		require.Equal(t, 1, f.endpoint.count())
		require.Equal(t, 2, f.store.Records())
	})
}

// Another identity is another token (D1).
func TestD1_AnotherIdentityIsAnotherToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		f.all()
		other := f.join(func(c *manager.Config) {
			c.Sharing.Identity = []string{"https://as.example.com/token", "client-id", ""}
		})
		require.NoError(t, f.call(other))
		require.Equal(t, 2, f.endpoint.count())
	})
}

func TestConfig_SharingIsChecked(t *testing.T) {
	_, err := manager.New(manager.Config{Fetcher: new(issuer), Sharing: &manager.Sharing{}})
	require.ErrorContains(t, err, "Sharing.Store")
	require.ErrorContains(t, err, "Sharing.Key")
}
