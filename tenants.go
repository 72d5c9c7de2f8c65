package alf

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/benbjohnson/clock"
)

// TenantError is why a tenant has no configuration: Err is what [PoolConfig].Tenant returned, or how it failed.
type TenantError struct {
	// Tenant is the name that the function was called with.
	Tenant string
	// Err is what it returned, or says that it panicked or took too long.
	Err error
	// NextAttempt is when it may be called again, on the wall clock.
	NextAttempt time.Time
}

// Error says which tenant has no configuration, and why.
func (e *TenantError) Error() string {
	return fmt.Sprintf("alf: tenant %q has no configuration: %v (next attempt at %s)", e.Tenant, e.Err, e.NextAttempt.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// Unwrap returns Err.
func (e *TenantError) Unwrap() error { return e.Err }

// Temporary reports true: the function is called again.
func (e *TenantError) Temporary() bool { return true }

// Timeout reports whether the function took too long.
func (e *TenantError) Timeout() bool {
	timed, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](e.Err)
	return ok && timed.Timeout()
}

// tenants calls the function that has the configurations of tenants. For one tenant it is called by one goroutine at a
// time, which belongs to no caller; a tenant whose call hangs delays no other (P3).
type tenants struct {
	call  func(ctx context.Context, name string) (Config, error)
	check func(Config) (Config, error)
	clock clock.Clock

	mu     sync.Mutex
	byName map[string]*tenant
}

// tenant is what is known of one. It is forgotten when it says nothing any more.
type tenant struct {
	running *tenantCall
	stuck   int // calls that were given up and have not returned
	err     *TenantError
	times   int // how often it has failed in a row
}

// tenantCall is one call of the function. Its result is written before done is closed.
type tenantCall struct {
	done chan struct{}
	cfg  Config
	err  error
}

const (
	// tenantTimeout is how long a call may take, and tenantMemory how long a failure is remembered, at first and at
	// last.
	tenantTimeout   = 5 * time.Second
	minTenantMemory = 500 * time.Millisecond
	maxTenantMemory = 5 * time.Second
	// maxStuck is how many calls for one tenant may be running that were given up.
	maxStuck = 3
	// maxFailing is how many tenants are remembered whose last call has failed. Beyond, some are called again sooner.
	maxFailing = 10_000
)

var (
	errTenantTimeout = &tenantTimeoutError{}
	errTenantGoexit  = errors.New("the Tenant function ended its goroutine with runtime.Goexit")
	errTenantStuck   = errors.New("too many calls of the Tenant function for it have not returned; none is made until one does")
)

type tenantTimeoutError struct{}

func (*tenantTimeoutError) Error() string {
	return fmt.Sprintf("the Tenant function did not return within %v", tenantTimeout)
}
func (*tenantTimeoutError) Timeout() bool { return true }

// config returns the configuration of a tenant: what a call returns that runs already, or one that is made now. Within
// a short time after a failure, it returns that.
func (ts *tenants) config(ctx context.Context, name string) (Config, error) {
	c, err := ts.join(name)
	if err != nil {
		return Config{}, err
	}
	select {
	case <-c.done:
		return c.cfg, c.err
	case <-ctx.Done():
		return Config{}, context.Cause(ctx)
	}
}

// join returns the call that runs for a tenant, or starts one.
func (ts *tenants) join(name string) (*tenantCall, error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.byName[name]
	if t == nil {
		t = new(tenant)
		if ts.byName == nil {
			ts.byName = make(map[string]*tenant)
		}
		ts.byName[name] = t
	}
	now := ts.clock.Now().Round(0)
	switch {
	case t.running != nil:
		return t.running, nil
	case t.err != nil && now.Before(t.err.NextAttempt):
		return nil, t.err
	case t.stuck >= maxStuck:
		return nil, &TenantError{Tenant: name, Err: errTenantStuck, NextAttempt: now.Add(maxTenantMemory)}
	}
	c := &tenantCall{done: make(chan struct{})}
	t.running = c
	ctx, cancel := context.WithCancelCause(context.Background())
	timer := ts.clock.AfterFunc(tenantTimeout, func() {
		ts.ended(name, t, c, Config{}, errTenantTimeout) // before the function can return because of it
		cancel(errTenantTimeout)
	})
	go func() {
		cfg, err := Config{}, errTenantGoexit
		defer func() {
			timer.Stop()
			if r := recover(); r != nil {
				err = panicOf(r)
			}
			cancel(nil)
			ts.ended(name, t, c, cfg, err)
		}()
		if cfg, err = ts.call(ctx, name); err == nil {
			cfg, err = ts.check(cfg)
		}
	}()
	return c, nil
}

// panicOf describes a panic without its value, which may hold anything, unless it is the runtime's own.
func panicOf(r any) error {
	if err, ok := r.(runtime.Error); ok {
		return fmt.Errorf("the Tenant function panicked: %w", err)
	}
	return fmt.Errorf("the Tenant function panicked with a %T", r)
}

// ended is for a call that has returned, or that takes too long. The first of the two counts.
func (ts *tenants) ended(name string, t *tenant, c *tenantCall, cfg Config, err error) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t.running != c {
		if err != error(errTenantTimeout) { // it was given up, and has returned; a time-out that comes late is nothing
			t.stuck--
			ts.drop(name, t)
		}
		return
	}
	t.running = nil
	if err == error(errTenantTimeout) {
		t.stuck++
	}
	if err != nil {
		memory := min(minTenantMemory<<min(t.times, 8), maxTenantMemory)
		t.times++
		t.err = &TenantError{Tenant: name, Err: err, NextAttempt: ts.clock.Now().Round(0).Add(memory)}
		c.err = t.err
		ts.bound()
	} else {
		c.cfg = cfg
		t.err, t.times = nil, 0
	}
	close(c.done)
	ts.drop(name, t)
}

// drop forgets a tenant of which nothing is to be remembered.
func (ts *tenants) drop(name string, t *tenant) {
	if t.running == nil && t.stuck == 0 && t.err == nil && ts.byName[name] == t {
		delete(ts.byName, name)
	}
}

// bound keeps tenants that do not exist from filling the memory.
func (ts *tenants) bound() {
	for name, t := range ts.byName {
		if len(ts.byName) <= maxFailing {
			return
		}
		if t.running == nil && t.stuck == 0 {
			delete(ts.byName, name)
		}
	}
}

// forget has the function called again for a tenant, whatever happened the last time.
func (ts *tenants) forget(name string) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if t := ts.byName[name]; t != nil {
		t.err, t.times = nil, 0
		ts.drop(name, t)
	}
}
