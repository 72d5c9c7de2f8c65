package manager_test

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/manager"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a manager, an endpoint and a clock in a synctest bubble, with a small language for tests:
//
//	w.get()                    what a caller gets who does not have to wait
//	c := w.wait()              a caller who may have to
//	c.wantToken("t1")          ... has been served this
//	w.advance(d)               the clock moves, and all that follows from it has happened
//	w.wantFetches(n)           so many fetches have been made, since the beginning
//
// Tokens are called t1, t2, ... by the number of the fetch that brings them. The random source always says one half,
// which is the middle of every jitter.
type world struct {
	*testing.T
	clock    *clock.Mock
	endpoint *endpoint
	m        tokens
	config   manager.Config
	eventLog

	clockReads atomic.Int64
	offset     atomic.Int64 // see skew
}

const (
	ms     = time.Millisecond
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
)

var errDown = errors.New("connection refused")

// tokens is what a manager and a token of a pool have in common.
type tokens interface {
	manager.Source
	TokenFor(ctx context.Context, origin string) (*manager.Token, error)
	TokenValidFor(ctx context.Context, min time.Duration) (*manager.Token, error)
	Current() *manager.Token
	ObservesOutcomes() bool
	ReportOutcome(manager.Outcome)
	InvalidateValue(value, origin string) error
	Refresh(ctx context.Context) (*manager.Token, error)
	Watch(ctx context.Context) iter.Seq2[*manager.Token, error]
	Stats() manager.Stats
}

// inWorld runs a test in a bubble, and in another one with a token of a pool in place of the manager (P7). Everything
// has to be over at its end, or the bubble says so.
func inWorld(t *testing.T, test func(t *testing.T, w *world), options ...func(*world)) {
	t.Helper()
	inManagersWorld(t, test, options...)
	t.Run("P7_in_a_pool", func(t *testing.T) {
		inOneWorld(t, newPooled, test, options...)
	})
}

// inManagersWorld is inWorld for what is different in a pool.
func inManagersWorld(t *testing.T, test func(t *testing.T, w *world), options ...func(*world)) {
	t.Helper()
	inOneWorld(t, func(cfg manager.Config) (tokens, error) { return manager.New(cfg) }, test, options...)
}

// pooled is a token of a pool with nothing else in it, which counts for itself then.
type pooled struct {
	*manager.Handle
	pool *manager.Pool
}

func newPooled(cfg manager.Config) (tokens, error) {
	p, err := manager.NewPool(manager.PoolConfig{
		Policy: cfg.Policy, Clock: cfg.Clock, Rand: cfg.Rand, Hook: cfg.Hook, Logger: cfg.Logger, IdleTime: 1000 * hour,
	})
	if err != nil {
		return nil, err
	}
	return pooled{p.Handle(manager.KeyOf("one"), cfg.Fetcher), p}, nil
}

func (p pooled) Close() error { return p.pool.Close() }

func (p pooled) Stats() manager.Stats {
	own, all := p.Handle.Stats(), p.pool.Stats()
	s := all.Stats
	s.Ready, s.Token, s.Age, s.EffectiveExpiry, s.RefreshTime, s.Expiry = own.Ready, own.Token, own.Age, own.EffectiveExpiry, own.RefreshTime, own.Expiry
	s.Idle, s.Waiting, s.Fetching, s.LastError, s.NextAttempt = own.Idle, own.Waiting, own.Fetching, own.LastError, own.NextAttempt
	s.AbandonedNow, s.Watchers = own.AbandonedNow, own.Watchers
	return s
}

func inOneWorld(t *testing.T, newTokens func(manager.Config) (tokens, error), test func(t *testing.T, w *world), options ...func(*world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		mock := clock.NewMock()
		w := &world{T: t, clock: mock, endpoint: &endpoint{clock: mock, lifetime: 100 * second}}
		w.config = manager.Config{
			Fetcher: w.endpoint,
			Clock:   skewed{mock, &w.offset},
			Rand:    func() float64 { return 0.5 },
			Hook:    w.note,
		}
		for _, o := range options {
			o(w)
		}
		m, err := newTokens(w.config)
		require.NoError(t, err)
		w.m = m
		defer func() {
			w.endpoint.releaseAll()
			synctest.Wait()
			m.Close()
		}()
		test(t, w)
	})
}

func withRand(draw func() float64) func(*world) { return func(w *world) { w.config.Rand = draw } }
func withPolicy(p manager.Policy) func(*world)  { return func(w *world) { w.config.Policy = p } }

// skewed is a clock whose reading can be stepped while its timers go on.
type skewed struct {
	clock.Clock
	offset *atomic.Int64
}

func (s skewed) Now() time.Time                  { return s.Clock.Now().Add(time.Duration(s.offset.Load())) }
func (s skewed) Since(t time.Time) time.Duration { return s.Now().Sub(t) }
func (s skewed) Until(t time.Time) time.Duration { return t.Sub(s.Now()) }

// skew sets how far the manager's clock is ahead of its timers: the machine slept, or the clock was stepped.
func (w *world) skew(by time.Duration) { w.offset.Store(int64(by)) }

// advance moves the clock. Everything at rest is awaited first, since timers are armed from the clock's reading.
func (w *world) advance(d time.Duration) {
	synctest.Wait()
	w.clock.Add(d)
	synctest.Wait()
}

func (w *world) get() string {
	w.Helper()
	return w.wait().token()
}

func (w *world) getErr() error {
	w.Helper()
	return w.wait().failure()
}

// wantFetches checks how many fetches there have been in all.
func (w *world) wantFetches(n int) {
	w.Helper()
	synctest.Wait()
	require.Equal(w, n, w.endpoint.count(), "fetches")
}

// wantFetchAt checks that the n-th fetch (from 1) was started at that time from the beginning.
func (w *world) wantFetchAt(n int, at time.Duration) {
	w.Helper()
	synctest.Wait()
	require.GreaterOrEqual(w, w.endpoint.count(), n, "fetches")
	require.InDelta(w, at.Seconds(), w.endpoint.startOf(n).Seconds(), 0.000_001, "start of fetch %d", n)
}

// wantLastError checks the error of the last fetch. A pool keeps only its text once no caller has asked the owner for a
// minute (P4).
func (w *world) wantLastError(err error) {
	w.Helper()
	if _, inPool := w.m.(pooled); inPool {
		require.EqualError(w, w.m.Stats().LastError, err.Error())
		return
	}
	require.ErrorIs(w, w.m.Stats().LastError, err)
}

// caller is a goroutine that asked for a token.
type caller struct {
	*world
	done  chan struct{}
	got   *manager.Token
	err   error
	after time.Duration // on the mock clock
}

func (w *world) ask(ask func() (*manager.Token, error)) *caller {
	c := &caller{world: w, done: make(chan struct{})}
	start := w.clock.Now()
	go func() {
		defer close(c.done)
		c.got, c.err = ask()
		c.after = w.clock.Since(start)
	}()
	synctest.Wait()
	return c
}

func (w *world) wait() *caller { return w.waitIn(context.Background()) }

func (w *world) waitIn(ctx context.Context) *caller {
	return w.ask(func() (*manager.Token, error) { return w.m.Token(ctx) })
}

// waitFor is a caller that says what the token is for.
func (w *world) waitFor(origin string) *caller {
	return w.ask(func() (*manager.Token, error) { return w.m.TokenFor(context.Background(), origin) })
}

// accepts and rejects report an outcome.
func (w *world) accepts(t *manager.Token, origin string, retry bool) {
	w.m.ReportOutcome(manager.Outcome{Token: t, Origin: origin, Retry: retry, Accepted: true, Sent: w.clock.Now()})
}

func (w *world) rejects(t *manager.Token, origin string) {
	w.m.ReportOutcome(manager.Outcome{Token: t, Origin: origin, Retry: true, Sent: w.clock.Now()})
}

func (w *world) replace(t *manager.Token, origin string) *caller {
	return w.ask(func() (*manager.Token, error) { return w.m.Replace(context.Background(), t, origin) })
}

func (w *world) refresh() *caller {
	return w.ask(func() (*manager.Token, error) { return w.m.Refresh(context.Background()) })
}

func (c *caller) replied() bool {
	synctest.Wait()
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func (c *caller) wantWaiting() {
	c.Helper()
	require.False(c, c.replied(), "the caller should still be waiting")
}

func (c *caller) token() string {
	c.Helper()
	require.True(c, c.replied(), "the caller is still waiting")
	require.NoError(c, c.err)
	return c.got.Value()
}

func (c *caller) wantToken(value string) {
	c.Helper()
	require.Equal(c, value, c.token())
}

func (c *caller) failure() error {
	c.Helper()
	require.True(c, c.replied(), "the caller is still waiting")
	require.Error(c, c.err)
	require.Nil(c, c.got)
	return c.err
}
