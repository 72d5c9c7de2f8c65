package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

var errDown = errors.New("the token endpoint is down")

// endpoint is a token endpoint without a network: everything a library would learn from one, and a count of what it was
// asked. Its time is that of package time, in a synctest bubble the bubble's.
type endpoint struct {
	latency time.Duration
	life    time.Duration // of the tokens, from the arrival of the request on
	// fails returns the outcome of the n-th request, from 1, since the endpoint was made. nil: all succeed.
	fails func(n int, since time.Duration) error
	// hangs, while open, keeps requests from getting a response. nil: it never does.
	hangs chan struct{}

	mu      sync.Mutex
	began   time.Time
	fetches int
	flying  int
	most    int // at the same time
	tokens  map[string]*issued
}

type issued struct {
	expiry  time.Time
	revoked bool
}

func newEndpoint() *endpoint {
	return &endpoint{latency: 20 * time.Millisecond, life: time.Hour, began: time.Now(), tokens: map[string]*issued{}}
}

// fetch is one token request.
func (e *endpoint) fetch(ctx context.Context) (value string, expiry time.Time, err error) {
	arrived := time.Now()
	e.mu.Lock()
	e.fetches++
	n := e.fetches
	e.flying++
	e.most = max(e.most, e.flying)
	latency, life, fails, hangs := e.latency, e.life, e.fails, e.hangs
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		e.flying--
		e.mu.Unlock()
	}()
	if hangs != nil {
		select {
		case <-hangs:
			return "", time.Time{}, errDown
		case <-ctx.Done():
			return "", time.Time{}, context.Cause(ctx)
		}
	}
	if err := sleep(ctx, latency); err != nil {
		return "", time.Time{}, err
	}
	if fails != nil {
		if err := fails(n, arrived.Sub(e.began)); err != nil {
			return "", time.Time{}, err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	value = fmt.Sprintf("token-%d", n)
	expiry = arrived.Add(life)
	e.tokens[value] = &issued{expiry: expiry}
	return value, expiry, nil
}

// set changes the endpoint while it is in use.
func (e *endpoint) set(change func(e *endpoint)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	change(e)
}

func (e *endpoint) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fetches
}

// revoke makes all tokens issued so far worthless.
func (e *endpoint) revoke() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.tokens {
		t.revoked = true
	}
}

// expired reports whether a token that was just handed out had expired at that time.
func (e *endpoint) expired(value string, at time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.tokens[value]
	return t == nil || !at.Before(t.expiry)
}

// revoked reports whether an API would refuse a token.
func (e *endpoint) revoked(value string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.tokens[value]
	return t == nil || t.revoked
}

// sleep is cancelled with ctx.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
