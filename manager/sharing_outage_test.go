package manager_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// The process that fetches ends: another one takes over after its lease (D7).
func TestD7_TheProcessThatFetchesEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		f.endpoint.takes = 2 * time.Second
		go f.call(f.managers[0])
		time.Sleep(500 * time.Millisecond)
		second := f.join(nil)
		start := time.Now()
		go func() {
			time.Sleep(100 * time.Millisecond)
			f.managers[0].Close()
		}()
		require.NoError(t, f.call(second))
		require.LessOrEqual(t, f.endpoint.count(), 2)
		require.Less(t, time.Since(start), 5*time.Second)
	})
}

// An outage of the endpoint is probed by one process at a time (D6).
func TestD6_OneProbePerBackoff(t *testing.T) {
	outage := func(t *testing.T, n int) (requests int) {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, n)
			defer f.close()
			f.endpoint.fails = func(int) error { return selfClassified(true) }
			for range 300 {
				f.all()
				time.Sleep(100 * time.Millisecond)
			}
			requests = f.endpoint.count()
			f.endpoint.mu.Lock()
			f.endpoint.fails = nil
			f.endpoint.mu.Unlock()
			time.Sleep(15 * time.Second)
			_, failed := f.all()
			require.Zero(t, failed)
		})
		return requests
	}
	one := outage(t, 1)
	many := outage(t, 20)
	t.Logf("one process %d, 20 processes %d", one, many)
	require.LessOrEqual(t, many, 2*one)
}

// A failure that may be one process's own delays no other (D6).
func TestD6_CredentialsConcernOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		wrong := f.join(func(c *manager.Config) {
			c.Fetcher = manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) { return nil, permanent{errors.New("invalid_client")} })
		})
		require.Error(t, f.call(wrong))
		start := time.Now()
		require.NoError(t, f.call(f.managers[0]))
		require.Less(t, time.Since(start), 200*time.Millisecond)
	})
}
