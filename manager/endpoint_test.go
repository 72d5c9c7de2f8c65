package manager_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

// TestE1_5000ColdCallers: a healthy endpoint fails no caller, however long the queue is.
func TestE1_5000ColdCallers(t *testing.T) {
	for _, limit := range []int{16, 64} {
		t.Run(fmt.Sprint(limit, " in flight"), func(t *testing.T) {
			inSite(t, limit, func(t *testing.T, s *site) {
				const callers = 5000
				begin := time.Now()
				errs := make(chan error, callers)
				for i := range callers {
					m := s.manager(fmt.Sprint("tenant-", i), "t")
					go func() { _, err := m.Token(t.Context()); errs <- err }()
				}
				for range callers {
					require.NoError(t, <-errs)
				}
				require.Equal(t, callers, s.count())
				s.mu.Lock()
				most := s.most
				s.mu.Unlock()
				require.Equal(t, limit, most)
				rounds := (callers + limit - 1) / limit
				require.Equal(t, time.Duration(rounds)*50*ms, time.Since(begin), "the limit is used at all times")
			})
		})
	}
}

func TestE1_AQuarterWhileOthersWait(t *testing.T) {
	inSite(t, 8, func(t *testing.T, s *site) {
		var wg sync.WaitGroup
		get := func(m *manager.Manager) {
			wg.Go(func() {
				_, err := m.Token(t.Context())
				require.NoError(t, err)
			})
		}
		for i := range 40 {
			get(s.manager("large", fmt.Sprint(i)))
		}
		synctest.Wait()
		require.Equal(t, 8, s.flying("large"), "alone, it may have all")
		for i := range 4 {
			get(s.manager("small", fmt.Sprint(i)))
		}
		time.Sleep(50*ms + 1)
		synctest.Wait()
		require.LessOrEqual(t, s.flying("large"), 2)
		require.Equal(t, 2, s.flying("small"))
		wg.Wait()
	})
}

// TestE1_ACallersContextEndsItsWait: that is what bounds the wait in the queue, and it leaves the queue as it is.
func TestE1_ACallersContextEndsItsWait(t *testing.T) {
	inSite(t, 1, func(t *testing.T, s *site) {
		s.takes = 4 * second
		one, two := s.manager("a", "1"), s.manager("a", "2")
		go one.Token(t.Context())
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), second)
		defer cancel()
		_, err := two.Token(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 1, s.endpoint.Stats().Waiting)
		token, err := two.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, "a-2", token.Value())
		require.Equal(t, 2, s.count())
	})
}

// TestE3_CallersComeBeforeRefreshes: when the probe succeeds.
func TestE3_CallersComeBeforeRefreshes(t *testing.T) {
	inSite(t, 2, func(t *testing.T, s *site) {
		var refreshing []*manager.Manager
		read := func() {
			for _, m := range refreshing {
				_, _ = m.Token(t.Context())
			}
		}
		for i := range 10 {
			refreshing = append(refreshing, s.manager(fmt.Sprint("r", i), "refresh"))
		}
		read()
		s.set(down)
		time.Sleep(52 * minute) // all are past their refresh time, and usable
		read()
		time.Sleep(minute)
		require.True(t, s.endpoint.Stats().Suspect)
		var callers []*manager.Manager
		for i := range 10 {
			callers = append(callers, s.manager(fmt.Sprint("c", i), "caller"))
		}
		for !time.Now().Before(s.endpoint.Stats().NextProbe) {
			time.Sleep(ms)
		}
		time.Sleep(time.Until(s.endpoint.Stats().NextProbe) - ms)
		for _, m := range callers {
			_, err := m.Token(t.Context())
			require.ErrorAs(t, err, new(*manager.HeldError))
		}
		before := s.count()
		s.set(nil)
		time.Sleep(minute)
		read()
		var order []string
		for _, r := range s.seen()[before:] {
			order = append(order, r.name)
		}
		require.GreaterOrEqual(t, len(order), 15, "%v", order)
		last := len(order) - 1 - slices.Index(reversed(order), "caller")
		firstRefresh := slices.Index(order[1:], "refresh") + 1
		require.Less(t, last, firstRefresh+2, "%v", order) // two may start at the same moment
	})
}

func reversed(s []string) []string {
	r := slices.Clone(s)
	slices.Reverse(r)
	return r
}

// TestE4_RefreshTimesSpread: tokens that were fetched at the same moment are not refreshed at the same moment.
func TestE4_RefreshTimesSpread(t *testing.T) {
	inSite(t, 1000, func(t *testing.T, s *site) {
		var wg sync.WaitGroup
		for i := range 500 {
			m := s.manager(fmt.Sprint("tenant-", i), "t")
			wg.Go(func() { m.Token(t.Context()) })
		}
		wg.Wait()
		begin := time.Now().Add(-s.takes)
		deciles := make([]int, 10)
		width := 20 * (hour - 10*second) / 100
		for _, m := range s.managers {
			at := m.Stats().RefreshTime.Sub(begin) - 65*(hour-10*second)/100
			deciles[min(int(10*at/width), 9)]++
		}
		for i, n := range deciles {
			require.Greater(t, n, 20, "tenth %d of the jitter: %v", i, deciles)
		}
	})
}

// TestM14_CloseWhileAFetchWaits: Close does not wait for the queue, and leaves nothing in it.
func TestM14_CloseWhileAFetchWaits(t *testing.T) {
	inSite(t, 1, func(t *testing.T, s *site) {
		s.takes = 4 * second
		go s.manager("a", "1").Token(t.Context())
		synctest.Wait()
		m := s.manager("b", "1")
		errs := make(chan error, 1)
		go func() { _, err := m.Token(t.Context()); errs <- err }()
		synctest.Wait()
		begin := time.Now()
		m.Close()
		require.ErrorIs(t, <-errs, manager.ErrClosed)
		require.Equal(t, begin, time.Now())
		synctest.Wait()
		require.Zero(t, s.endpoint.Stats().Waiting)
	})
}

// TestM20_RefreshDoesNotWaitForTheEndpointsBackoff: an operator may know better.
func TestM20_RefreshDoesNotWaitForTheEndpointsBackoff(t *testing.T) {
	inSite(t, 0, func(t *testing.T, s *site) {
		s.set(down)
		a, b := s.manager("a", "1"), s.manager("b", "1")
		a.Token(t.Context())
		b.Token(t.Context())
		_, err := b.Token(t.Context())
		require.Error(t, err)
		s.set(nil)
		begin := time.Now()
		_, err = b.Refresh(t.Context())
		require.NoError(t, err)
		require.Equal(t, s.takes, time.Since(begin))
		synctest.Wait()
		require.False(t, s.endpoint.Stats().Suspect)
		time.Sleep(second) // a's own backoff is its own (M9)
		_, err = a.Token(t.Context())
		require.NoError(t, err)
	})
}

func TestEndpoint_Config(t *testing.T) {
	_, err := manager.NewEndpoint(manager.EndpointConfig{MaxInFlight: -1})
	require.ErrorContains(t, err, "MaxInFlight")
	e, err := manager.NewEndpoint(manager.EndpointConfig{Clock: clock.NewMock()})
	require.NoError(t, err)
	require.False(t, strings.Contains(fmt.Sprintf("%+v %#v", e, e), "mailbox"))
}
