package manager_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// endpoint is a token endpoint as a fetcher sees it.
type endpoint struct {
	clock    clock.Clock
	lifetime time.Duration
	latency  time.Duration
	fail     error                                    // every fetch fails with it
	hang     bool                                     // every fetch lasts until it is cancelled
	stuck    bool                                     // every fetch ignores its cancellation
	reply    func(n int) (t *oauth2.Token, err error) // overrides lifetime and fail
	contexts []context.Context

	mu       sync.Mutex
	starts   []time.Duration
	running  int
	most     int
	releases []chan struct{}
}

func (e *endpoint) Fetch(ctx context.Context) (*oauth2.Token, error) {
	began := e.clock.Now()
	e.mu.Lock()
	e.starts = append(e.starts, began.Sub(time.Unix(0, 0)))
	e.contexts = append(e.contexts, ctx)
	n := len(e.starts)
	e.running++
	e.most = max(e.most, e.running)
	hang, latency, stuck := e.hang, e.latency, e.stuck
	var release chan struct{}
	if stuck {
		release = make(chan struct{})
		e.releases = append(e.releases, release)
	}
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.running--
		e.mu.Unlock()
	}()
	switch {
	case stuck:
		<-release
	case hang:
		<-ctx.Done()
		return nil, ctx.Err()
	case latency > 0:
		select {
		case <-e.clock.After(latency):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reply != nil {
		return e.reply(n)
	}
	if e.fail != nil {
		return nil, e.fail
	}
	return named(fmt.Sprint("t", n), began.Add(e.lifetime)), nil
}

func named(value string, expiry time.Time) *oauth2.Token {
	return &oauth2.Token{AccessToken: value, TokenType: "bearer", Expiry: expiry}
}

func (e *endpoint) set(change func(e *endpoint)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

// fails has every fetch fail from now on, works ends that.
func (e *endpoint) fails(err error) { e.set(func(e *endpoint) { e.fail = err }) }
func (e *endpoint) works()          { e.fails(nil) }

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.starts)
}

func (e *endpoint) startOf(n int) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.starts[n-1]
}

// release lets the n-th stuck fetch (from 1) return.
func (e *endpoint) release(n int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r := e.releases[n-1]; r != nil {
		close(r)
		e.releases[n-1] = nil
	}
}

func (e *endpoint) releaseAll() {
	for n := range e.releases {
		e.release(n + 1)
	}
}

// repeatedly responds to every fetch with the same value, expiring at that time from the beginning.
func (e *endpoint) repeatedly(value string, expiry time.Duration) {
	e.set(func(e *endpoint) {
		e.reply = func(int) (*oauth2.Token, error) { return named(value, time.Unix(0, 0).Add(expiry)), nil }
	})
}

// permanent is an error that classifies itself.
type permanent struct{ error }

func (permanent) Permanent() bool { return true }
func (p permanent) Unwrap() error { return p.error }

// later is an error that says when to come back.
type later struct {
	error
	after time.Duration
}

func (l later) RetryAfter() time.Duration { return l.after }
func (l later) Unwrap() error             { return l.error }

func nextAttempt(t *testing.T, err error) time.Duration {
	t.Helper()
	var e *manager.Error
	require.ErrorAs(t, err, &e)
	return e.NextAttempt.Sub(time.Unix(0, 0))
}
