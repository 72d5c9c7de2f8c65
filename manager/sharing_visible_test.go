package manager_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/memorystore"
	"github.com/alf-go/alf/manager"
)

// Where a token comes from is visible: all processes publish it with the cause "shared", without a fetch in their
// counts, except the one that has fetched it.
func TestD10_TheCauseOfATokenFromTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 5)
		defer f.close()
		_, failed := f.all()
		require.Zero(t, failed)
		require.Equal(t, 1, f.endpoint.count())

		causes := map[manager.Cause]int{}
		for _, e := range f.events.seen(manager.Published) {
			causes[e.Cause]++
		}
		require.Equal(t, map[manager.Cause]int{manager.CauseShared: 4, "": 1}, causes)
		require.Len(t, f.events.seen(manager.FetchStarted), 1)
		fetched, adopted := 0, 0
		for _, m := range f.managers {
			s := m.Stats()
			require.EqualValues(t, 1, s.Published)
			require.EqualValues(t, 1, s.Fetches+s.Sharing.Adopted)
			require.Zero(t, s.FetchesBy[manager.CauseShared])
			fetched, adopted = fetched+int(s.Fetches), adopted+int(s.Sharing.Adopted)
		}
		require.Equal(t, 1, fetched)
		require.Equal(t, 4, adopted)
	})
}

// A failure of the store is an event of its own that says what it was, and is counted, though no request notices it.
func TestD10_FailuresOfTheStore(t *testing.T) {
	for fault, text := range map[memorystore.Fault]string{
		memorystore.Down:     "the store is down",
		memorystore.Silent:   "did not reply in time",
		memorystore.Nonsense: "makes no sense",
		memorystore.Panics:   "panicked",
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFleet(t, 1)
			defer f.close()
			f.store.Set(fault)
			require.NoError(t, f.call(f.managers[0]))
			events := f.events.seen(manager.StoreFailed)
			require.NotEmpty(t, events, text)
			for _, e := range events {
				require.ErrorContains(t, e.Err, text)
				require.False(t, e.Time.IsZero())
			}
			sharing := f.managers[0].Stats().Sharing
			require.EqualValues(t, len(events), sharing.Errors, text)
			require.EqualValues(t, 1, sharing.Alone, text)
			require.Zero(t, sharing.Adopted+sharing.Offered+sharing.Held, text)
		})
	}
}

// A later failure is not taken for an earlier one: each event has the error of its own.
func TestD10_EachFailureOfTheStoreHasItsOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 1)
		defer f.close()
		f.store.Set(memorystore.Down)
		require.NoError(t, f.call(f.managers[0]))
		require.NotEmpty(t, f.events.seen(manager.StoreFailed))
		f.store.Set(memorystore.Silent)
		f.events.take()
		time.Sleep(time.Minute)
		events := f.events.seen(manager.StoreFailed)
		require.NotEmpty(t, events)
		for _, e := range events {
			require.ErrorContains(t, e.Err, "did not reply in time")
		}
	})
}

// A token that the store did not have, and has now, is an event that names the token, and is counted.
func TestD10_OffersToTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 3)
		defer f.close()
		f.all()
		require.Empty(t, f.events.seen(manager.TokenOffered), "handing in what was fetched is no offer")
		f.store.Flush()
		time.Sleep(30 * time.Second)
		offers := f.events.seen(manager.TokenOffered)
		require.NotEmpty(t, offers)
		for _, e := range offers {
			require.EqualValues(t, 1, e.Token)
		}
		offered := 0
		for _, m := range f.managers {
			offered += int(m.Stats().Sharing.Offered)
		}
		require.Len(t, offers, offered)
		require.Equal(t, 1, f.endpoint.count())
	})
}

// A failed fetch that keeps all processes from fetching is an event of the process that met it, with the time. The
// others count that they were kept, and their callers' errors say that another process has met it.
func TestD10_HoldsForAllProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t, 2)
		defer f.close()
		f.endpoint.fails = func(int) error { return later{errDown, time.Minute} }
		begin := time.Now()
		require.ErrorIs(t, f.call(f.managers[0]), errDown)
		holds := f.events.seen(manager.FailureShared)
		require.Len(t, holds, 1)
		require.WithinDuration(t, begin.Add(time.Minute), holds[0].Until, time.Second)
		require.Zero(t, f.managers[0].Stats().Sharing.Held)

		f.events.take()
		var held *manager.HeldError
		require.ErrorAs(t, f.call(f.managers[1]), &held)
		require.True(t, held.Elsewhere)
		require.Equal(t, 1, f.endpoint.count())
		require.Positive(t, f.managers[1].Stats().Sharing.Held)
		require.Empty(t, f.events.seen(manager.FailureShared), "it has met nothing itself")
	})
}

// A server that has one active token per client is named, with what to do, by processes that have no store, or whose
// store does not work, or of which one has none. Processes that share the token do not displace each other's.
func TestD10_OneActiveTokenIsNamedWithoutAStore(t *testing.T) {
	without := func(c *manager.Config) { c.Sharing = nil }
	for name, c := range map[string]struct {
		first, second func(*manager.Config)
		fault         memorystore.Fault
		named         bool
	}{
		"no store":                   {first: without, second: without, named: true},
		"a store that one has":       {second: without, named: true},
		"a store that does not work": {fault: memorystore.Down, named: true},
		"a store":                    {},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFleet(t, 0)
				defer f.close()
				f.endpoint.oneActive = true
				f.store.Set(c.fault)
				f.join(c.first)
				f.join(c.second)
				for range 20 {
					for _, m := range f.managers {
						require.NoError(t, f.call(m))
						time.Sleep(5 * time.Second)
					}
				}
				events := f.events.seen(manager.OneActiveToken)
				if !c.named {
					require.Empty(t, events)
					require.Empty(t, f.events.seen(manager.Rejected))
					require.Equal(t, 1, f.endpoint.count())
					return
				}
				require.Len(t, events, 2, "each process names it once an hour")
				for _, e := range events {
					require.Contains(t, e.Remedy, "store")
					require.Equal(t, "https://api.example.com:443", e.Origin)
				}
			})
		})
	}
}
