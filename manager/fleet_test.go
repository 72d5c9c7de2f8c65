package manager_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/manager"
)

// fleet is managers of several processes that share a store, over one token endpoint, in a bubble.
type fleet struct {
	*testing.T
	store    *memorystore.Store
	endpoint issuer
	managers []*manager.Manager
	events   eventLog
}

const fleetKey = "a key of the fleet, long enough"

func newFleet(t *testing.T, n int) *fleet {
	f := &fleet{T: t, store: new(memorystore.Store)}
	f.endpoint.takes, f.endpoint.life = 50*time.Millisecond, time.Hour
	for range n {
		f.join(nil)
	}
	return f
}

// sharing is the setting of every process.
func (f *fleet) sharing() *manager.Sharing {
	return &manager.Sharing{
		Store: f.store, Identity: []string{"https://as.example.com/token", "client-id"},
		Key: func(context.Context) (current, previous []byte, err error) { return []byte(fleetKey), nil, nil },
	}
}

// join starts another process.
func (f *fleet) join(change func(c *manager.Config)) *manager.Manager {
	cfg := manager.Config{
		Fetcher: &f.endpoint,
		Hook:    f.events.note,
		Sharing: f.sharing(),
	}
	if change != nil {
		change(&cfg)
	}
	m, err := manager.New(cfg)
	require.NoError(f, err)
	f.managers = append(f.managers, m)
	return m
}

func (f *fleet) close() {
	for _, m := range f.managers {
		require.NoError(f, m.Close())
	}
	synctest.Wait()
}

const fleetAPI = "https://api.example.com:443/v1"

// process is what a manager and a token of a pool have in common.
type process interface {
	TokenFor(ctx context.Context, origin string) (*manager.Token, error)
	Replace(ctx context.Context, rejected *manager.Token, origin string) (*manager.Token, error)
	ReportOutcome(manager.Outcome)
}

// call is a request to an API, as the client makes it.
func (f *fleet) call(m process) error {
	t, err := m.TokenFor(f.Context(), fleetAPI)
	if err != nil {
		return err
	}
	if f.endpoint.accepts(t.Value()) {
		return nil
	}
	if t, err = m.Replace(f.Context(), t, fleetAPI); err != nil {
		return err
	}
	accepted := f.endpoint.accepts(t.Value())
	m.ReportOutcome(manager.Outcome{Token: t, Origin: fleetAPI, Retry: true, Accepted: accepted, Sent: time.Now()})
	if !accepted {
		return errors.New("401")
	}
	return nil
}

// all lets every process call the API at once, and returns how long the slowest took and how many failed.
func (f *fleet) all() (longest time.Duration, failed int) {
	var wg sync.WaitGroup
	var failures atomic.Int32
	var slowest atomic.Int64
	start := time.Now()
	for _, m := range f.managers {
		wg.Go(func() {
			if err := f.call(m); err != nil {
				failures.Add(1)
			}
			for took := int64(time.Since(start)); ; {
				before := slowest.Load()
				if took <= before || slowest.CompareAndSwap(before, took) {
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Duration(slowest.Load()), int(failures.Load())
}
