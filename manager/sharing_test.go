package manager_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/store"
)

// fleet is managers of several processes that share a store, over one token endpoint, in a bubble.
type fleet struct {
	*testing.T
	store    *memorystore.Store
	endpoint issuer
	managers []*manager.Manager
	mu       sync.Mutex
	events   []manager.Event
}

// issuer is a token endpoint.
type issuer struct {
	mu       sync.Mutex
	requests int
	takes    time.Duration
	life     time.Duration
	fails    func(n int) error
	revoked  map[string]bool
	current  []string
}

const fleetKey = "a key of the fleet, long enough"

func (i *issuer) Fetch(ctx context.Context) (*oauth2.Token, error) {
	i.mu.Lock()
	i.requests++
	n := i.requests
	fails, takes, life := i.fails, i.takes, i.life
	i.mu.Unlock()
	if takes > 0 {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if fails != nil {
		if err := fails(n); err != nil {
			return nil, err
		}
	}
	value := fmt.Sprintf("secret-token-%d", n)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.current = append(i.current, value)
	return (&oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: time.Now().Add(life)}).WithExtra(map[string]any{"scope": "read"}), nil
}

func (i *issuer) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests
}

// revokeAll revokes what was issued so far.
func (i *issuer) revokeAll() {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.revoked == nil {
		i.revoked = map[string]bool{}
	}
	for _, value := range i.current {
		i.revoked[value] = true
	}
}

func (i *issuer) accepts(value string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return !i.revoked[value]
}

func newFleet(t *testing.T, n int) *fleet {
	f := &fleet{T: t, store: new(memorystore.Store)}
	f.endpoint.takes, f.endpoint.life = 50*time.Millisecond, time.Hour
	for range n {
		f.join(nil)
	}
	return f
}

// join starts another process.
func (f *fleet) join(change func(c *manager.Config)) *manager.Manager {
	cfg := manager.Config{
		Fetcher: &f.endpoint,
		Hook: func(e manager.Event) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.events = append(f.events, e)
		},
		Sharing: &manager.Sharing{
			Store: f.store, Identity: []string{"https://as.example.com/token", "client-id"},
			Key: func(context.Context) (current, previous []byte, err error) { return []byte(fleetKey), nil, nil },
		},
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

func (f *fleet) seen(kind manager.EventKind) (found []manager.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.events {
		if e.Kind == kind {
			found = append(found, e)
		}
	}
	return found
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
		for _, e := range f.seen(manager.Published) {
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
				require.NotEmpty(t, f.seen(manager.StoreFailed))
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
		require.NotEmpty(t, f.seen(manager.TokenOffered))
		require.NoError(t, f.call(f.join(nil)))
		require.Equal(t, 1, f.endpoint.count())
	})
}

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
			f.endpoint.fails = func(int) error { return &serverError{503} }
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

// The event of a failure that binds all processes says how long it does (D10).
func TestD10_AFailureThatBindsAllSaysUntilWhen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		defer f.close()
		f.endpoint.fails = func(int) error { return &oauth2.RetrieveError{Response: &http.Response{StatusCode: http.StatusServiceUnavailable}} }
		require.Error(t, f.call(f.managers[0]))
		synctest.Wait()
		events := f.seen(manager.FailureShared)
		require.Len(t, events, 1)
		_, err := f.managers[1].Token(t.Context())
		require.Error(t, err)
		next := f.managers[1].Stats().NextAttempt
		require.WithinDuration(t, next, events[0].Until, 5*time.Millisecond)
	})
}

type serverError struct{ status int }

func (e *serverError) Error() string { return fmt.Sprint(e.status) }
func (e *serverError) Trouble() bool { return true }

// A failure that may be one process's own delays no other (D6).
func TestD6_CredentialsConcernOneProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		wrong := f.join(func(c *manager.Config) {
			c.Fetcher = manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) { return nil, permanentError{} })
		})
		require.Error(t, f.call(wrong))
		start := time.Now()
		require.NoError(t, f.call(f.managers[0]))
		require.Less(t, time.Since(start), 200*time.Millisecond)
	})
}

type permanentError struct{}

func (permanentError) Error() string   { return "invalid_client" }
func (permanentError) Permanent() bool { return true }

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

func TestConfig_SharingIsChecked(t *testing.T) {
	_, err := manager.New(manager.Config{Fetcher: new(issuer), Sharing: &manager.Sharing{}})
	require.ErrorContains(t, err, "Sharing.Store")
	require.ErrorContains(t, err, "Sharing.Key")
}

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
			handles = append(handles, p.Handle(manager.KeyOf("t"), pooledFetcher{&f.endpoint, &manager.Sharing{
				Store: f.store, Identity: []string{"https://as.example.com/token", "client-id"},
				Key: func(context.Context) (current, previous []byte, err error) { return []byte(fleetKey), nil, nil },
			}}))
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
