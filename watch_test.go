package alf_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// watched is a loop over client.Watch and what it was given: values, and "!" for an error.
type watched struct {
	*testing.T
	done chan struct{}

	mu    sync.Mutex
	got   []string
	errs  []error
	times []time.Time
}

func watch(t *testing.T, ctx context.Context, client *alf.Client) *watched {
	w := &watched{T: t, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for token, err := range client.Watch(ctx) {
			w.note(token, err)
		}
	}()
	synctest.Wait()
	return w
}

func (w *watched) note(token *alf.Token, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.times = append(w.times, time.Now())
	if err != nil {
		w.got, w.errs = append(w.got, "!"), append(w.errs, err)
		return
	}
	if end := token.EffectiveExpiry(); !end.IsZero() && !time.Now().Before(end) {
		w.Errorf("a token is yielded after its effective expiry")
	}
	w.got = append(w.got, token.Value())
}

func (w *watched) all() []string {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.got...)
}

func (w *watched) failures() []error {
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]error(nil), w.errs...)
}

func (w *watched) ended() bool {
	synctest.Wait()
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// simulated runs a test in a bubble, with a client of the kit's server in memory.
func simulated(t *testing.T, lifetime time.Duration, test func(t *testing.T, server *sim.Server, client *alf.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{Lifetime: lifetime})
		test(t, server, newClient(t, server.Config()))
	})
}

func TestW1_WatchYieldsTheCurrentTokenThenEachSuccessor(t *testing.T) {
	simulated(t, time.Minute, func(t *testing.T, server *sim.Server, client *alf.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		w := watch(t, ctx, client)
		require.Len(t, w.all(), 1)
		time.Sleep(10 * time.Minute)
		require.Equal(t, len(server.TokenRequests()), len(w.all()))
		require.Greater(t, len(w.all()), 10)
		token, err := client.Token(t.Context())
		require.NoError(t, err)
		require.Equal(t, token.Value(), w.all()[len(w.all())-1])
		require.Equal(t, 1, client.Stats().Watchers)
		cancel()
		require.True(t, w.ended())
		require.Zero(t, client.Stats().Watchers)
	})
}

func TestW1_WatchEndsWithTheClient(t *testing.T) {
	simulated(t, time.Minute, func(t *testing.T, server *sim.Server, client *alf.Client) {
		w := watch(t, t.Context(), client)
		require.NoError(t, client.Close())
		require.True(t, w.ended())
		require.Len(t, w.all(), 1)
		for token, err := range client.Watch(t.Context()) {
			require.Fail(t, "a closed client yields something", "%v, %v", token, err)
		}
	})
}

// watchableSource is a third-party manager that yields whatever is sent to it.
type watchableSource struct {
	fakeSource
	pairs chan pair
}

type pair struct {
	token *alf.Token
	err   error
}

func (s *watchableSource) Watch(ctx context.Context) iter.Seq2[*alf.Token, error] {
	return func(yield func(*alf.Token, error) bool) {
		for {
			select {
			case p := <-s.pairs:
				if !yield(p.token, p.err) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}
}

func TestW1_WatchOverAnotherManager(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, alf.Config{Manager: &fakeSource{}})
		n := 0
		for token, err := range client.Watch(t.Context()) {
			require.Nil(t, token)
			require.ErrorIs(t, err, errors.ErrUnsupported)
			require.ErrorContains(t, err, "Watch")
			n++
		}
		require.Equal(t, 1, n)

		source := &watchableSource{pairs: make(chan pair)}
		client = newClient(t, alf.Config{Manager: source})
		before := runtime.NumGoroutine()
		w, other := watch(t, t.Context(), client), watch(t, t.Context(), client)
		requireGoroutines(t, before+2) // only the callers' own
		for range 2 {
			source.pairs <- pair{token: namedToken("a")}
			source.pairs <- pair{}
		}
		for _, err := range append(w.failures(), other.failures()...) {
			require.ErrorContains(t, err, "token")
		}
		require.Len(t, append(w.all(), other.all()...), 4)
		require.NoError(t, client.Close())
		require.True(t, w.ended(), "a Config.Manager stays open, and the client's loops end")
		require.True(t, other.ended())
		require.False(t, source.closed)
	})
}

func TestW2_AWatchedTokenNeedsNoRequests(t *testing.T) {
	simulated(t, time.Minute, func(t *testing.T, server *sim.Server, client *alf.Client) {
		w := watch(t, t.Context(), client)
		server.GoDown(3 * time.Hour)
		before := len(server.TokenRequests())
		time.Sleep(3 * time.Hour)
		attempts := client.Stats().Fetches - uint64(before)
		require.Less(t, attempts, uint64(3*3600/5), "one attempt after each backoff of 5 to 10 s")
		require.Equal(t, "!", w.all()[1])
		require.Len(t, w.all(), 2)
		time.Sleep(15 * time.Second)
		require.Len(t, w.all(), 3)
		require.NoError(t, client.Close())
	})
}

func TestW3_AnOutageThatOutlastsTheToken(t *testing.T) {
	simulated(t, time.Minute, func(t *testing.T, server *sim.Server, client *alf.Client) {
		start := time.Now()
		w := watch(t, t.Context(), client)
		server.GoDown(5 * time.Minute)
		time.Sleep(6 * time.Minute)
		got := w.all()
		require.Equal(t, "!", got[1])
		require.NotContains(t, got[2:], "!")
		require.Greater(t, len(got), 2)
		var failure *alf.TokenError
		require.ErrorAs(t, w.errs[0], &failure)
		require.False(t, failure.Permanent)
		require.NotContains(t, w.errs[0].Error(), got[0])
		require.InDelta(t, 54, w.times[1].Sub(start).Seconds(), 1, "the error comes with the loss of the token")
		require.InDelta(t, 305, w.times[2].Sub(start).Seconds(), 6, "and the token soon after the outage")
	})
}

// A connection dialled at any moment gets a token that lasts as long as it is to live.
func TestW1_AConnectionGetsATokenWithAMinimumLifetime(t *testing.T) {
	simulated(t, time.Hour, func(t *testing.T, server *sim.Server, client *alf.Client) {
		w := watch(t, t.Context(), client)
		for range 20 {
			time.Sleep(19 * time.Minute)
			token, err := client.TokenValidFor(t.Context(), 40*time.Minute)
			require.NoError(t, err)
			require.GreaterOrEqual(t, time.Until(token.EffectiveExpiry()), 40*time.Minute)
		}
		require.Equal(t, len(server.TokenRequests()), len(w.all()), "watchers are given the tokens that were fetched for connections")
	})
}

// requireGoroutines checks that no more than n goroutines are left. One that has ended may be counted for a moment.
func requireGoroutines(t *testing.T, n int) {
	t.Helper()
	synctest.Wait()
	for range 100 {
		if runtime.NumGoroutine() <= n {
			return
		}
		runtime.GC() // which takes long enough
	}
	stacks := make([]byte, 1<<20)
	require.LessOrEqual(t, runtime.NumGoroutine(), n, "goroutines:\n%s", stacks[:runtime.Stack(stacks, true)])
}

func TestW4_NoGoroutineBelongsToAWatcherOfAClient(t *testing.T) {
	simulated(t, time.Minute, func(t *testing.T, server *sim.Server, client *alf.Client) {
		_, err := client.Token(t.Context())
		require.NoError(t, err)
		client.CloseIdleConnections()
		synctest.Wait()
		before := runtime.NumGoroutine()
		ctx, cancel := context.WithCancel(t.Context())
		var watchers []*watched
		for range 100 {
			watchers = append(watchers, watch(t, ctx, client))
		}
		requireGoroutines(t, before+len(watchers)) // only the callers' own
		cancel()
		for _, w := range watchers {
			require.True(t, w.ended())
		}
		requireGoroutines(t, before)
	})
}
