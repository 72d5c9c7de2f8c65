package alf_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

func TestP3_ATenantFunctionThatFailsHangsOrPanicsAffectsNoOtherTenant(t *testing.T) {
	var mu sync.Mutex
	calls := map[string]int{}
	down := errors.New("the database is down")
	inPool(t, func(k *poolKit) {
		k.tenants(func(ctx context.Context, name string) (alf.Config, error) {
			mu.Lock()
			calls[name]++
			n := calls[name]
			mu.Unlock()
			switch {
			case name == "fails" && n < 3:
				return alf.Config{}, down
			case name == "hangs" && n == 1:
				<-ctx.Done()
				return alf.Config{}, ctx.Err()
			case name == "panics" && n == 1:
				panic("s3cr3t")
			case name == "unusable":
				return alf.Config{ClientID: "x", Policy: alf.Policy{Attempts: 1}}, nil
			}
			return k.tenant(name), nil
		})
	}, func(t *testing.T, k *poolKit) {
		hanging := make(chan error, 1)
		start := time.Now()
		go func() {
			_, err := k.pool.Client(alf.Target{Tenant: "hangs"}).Token(t.Context())
			hanging <- err
		}()
		synctest.Wait()
		for _, c := range []struct{ name, text string }{{"fails", "the database is down"}, {"panics", "panicked with a string"}, {"unusable", "Policy"}} {
			_, err := k.pool.Client(alf.Target{Tenant: c.name}).Token(t.Context())
			var tenant *alf.TenantError
			require.ErrorAs(t, err, &tenant, c.name)
			require.Equal(t, c.name, tenant.Tenant)
			require.ErrorContains(t, err, c.text)
			require.NotContains(t, err.Error(), "s3cr3t")
		}
		require.NotEmpty(t, k.token(alf.Target{Tenant: "good"}))
		require.Equal(t, start, time.Now(), "no one has waited")
		_, err := k.pool.Client(alf.Target{Tenant: "fails"}).Get(k.kit.APIURL())
		require.ErrorIs(t, err, down, "remembered")
		require.Equal(t, 1, calls["fails"])
		time.Sleep(time.Second)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "panics"}))
		_, err = k.pool.Client(alf.Target{Tenant: "fails"}).Token(t.Context())
		require.ErrorIs(t, err, down)
		time.Sleep(time.Second)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "fails"}))
		err = <-hanging
		var timeout interface{ Timeout() bool }
		require.ErrorAs(t, err, &timeout)
		require.True(t, timeout.Timeout())
		require.Equal(t, 5*time.Second, time.Since(start))
		time.Sleep(time.Second)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "hangs"}))
	})
}

func TestP3_ATenantsRefusalAffectsNoOther(t *testing.T) {
	inPool(t, func(k *poolKit) {
		k.kit = sim.New(sim.Options{ClientID: "good", ClientSecret: "secret of good"})
		k.cfg.Config = k.kit.Config()
		k.tenants(func(_ context.Context, name string) (alf.Config, error) { return k.tenant(name), nil })
	}, func(t *testing.T, k *poolKit) {
		_, err := k.pool.Client(alf.Target{Tenant: "bad"}).Token(t.Context())
		var refused *alf.EndpointError
		require.ErrorAs(t, err, &refused)
		require.NotEmpty(t, k.token(alf.Target{Tenant: "good"}))
	})
}

// TestP3_TheTenantFunctionIsCalledForFetchesAlone: a client made for each use finds the token that is in the pool, also
// while the function fails.
func TestP3_TheTenantFunctionIsCalledForFetchesAlone(t *testing.T) {
	calls, down := 0, false
	inPool(t, func(k *poolKit) {
		k.tenants(func(_ context.Context, name string) (alf.Config, error) {
			calls++
			if down {
				return alf.Config{}, errors.New("the database is down")
			}
			return k.tenant(name), nil
		})
	}, func(t *testing.T, k *poolKit) {
		target := alf.Target{Tenant: "a", Scopes: []string{"b"}}
		first := k.token(target)
		require.Equal(t, 1, calls)
		for range 10 {
			require.Equal(t, first, k.token(target))
		}
		require.Equal(t, 1, calls)
		down = true
		require.Equal(t, first, k.token(target))
		k.pool.Forget(target)
		_, err := k.pool.Client(target).Token(t.Context())
		require.ErrorContains(t, err, "the database is down")
		down = false
		time.Sleep(time.Minute)
		require.NotEqual(t, first, k.token(target))

		// Nothing of a token that was forgotten is kept.
		before := calls
		k.pool.Forget(target)
		runtime.GC()
		k.token(target)
		require.Equal(t, before+1, calls)
	})
}

func TestP4_AChangedConfigurationTakesEffectAtTheNextFetch(t *testing.T) {
	id := "old"
	inPool(t, func(k *poolKit) {
		k.tenants(func(context.Context, string) (alf.Config, error) { return k.tenant(id), nil })
	}, func(t *testing.T, k *poolKit) {
		c := k.pool.Client(alf.Target{Tenant: "a"})
		first, err := c.Token(t.Context())
		require.NoError(t, err)
		id = "new"
		again, err := c.Token(t.Context())
		require.NoError(t, err)
		require.True(t, again.Same(first), "no fetch is due")
		fresh, err := c.Refresh(t.Context())
		require.NoError(t, err)
		require.False(t, fresh.Same(first))
		require.Equal(t, "new", k.requests()[1].ClientID)
		again, err = c.Token(t.Context())
		require.NoError(t, err)
		require.True(t, again.Same(fresh))

		id = "newest"
		k.pool.Forget(alf.Target{Tenant: "a"})
		_, err = c.Token(t.Context())
		require.NoError(t, err, "a handle on a forgotten target still works")
		require.Equal(t, "newest", k.requests()[2].ClientID)
		require.Len(t, k.requests(), 3)
	})
}

// Two tenants share a token until the configuration of one of them changes. The other keeps its own.
func TestP2_AChangedConfigurationIsSharedNoLonger(t *testing.T) {
	ids := map[string]string{"a": "one", "b": "one"}
	inPool(t, func(k *poolKit) {
		k.tenants(func(_ context.Context, name string) (alf.Config, error) { return k.tenant(ids[name]), nil })
	}, func(t *testing.T, k *poolKit) {
		a, b := k.pool.Client(alf.Target{Tenant: "a"}), k.pool.Client(alf.Target{Tenant: "b"})
		first, err := a.Token(t.Context())
		require.NoError(t, err)
		same, err := b.Token(t.Context())
		require.NoError(t, err)
		require.True(t, first.Same(same))
		ids["a"] = "two"
		_, err = a.Refresh(t.Context())
		require.NoError(t, err)
		_, err = b.Refresh(t.Context())
		require.NoError(t, err)
		own, err := a.Token(t.Context())
		require.NoError(t, err)
		other, err := b.Token(t.Context())
		require.NoError(t, err)
		require.False(t, own.Same(other), "a token never reaches another tenant")
	})
}

// lateTimers is a clock whose first time-out of a Tenant function comes late, as it may on a busy machine.
type lateTimers struct {
	clock.Clock
	first sync.Once
	late  chan struct{}
}

func (c *lateTimers) AfterFunc(d time.Duration, f func()) *clock.Timer {
	if d == 5*time.Second {
		c.first.Do(func() {
			on := f
			f = func() { <-c.late; on() }
		})
	}
	return c.Clock.AfterFunc(d, f)
}

func TestP3_ATimeOutThatComesAfterTheCallHasReturnedCountsNothing(t *testing.T) {
	var calls atomic.Int32
	var late, forever chan struct{} // of the bubble
	inPool(t, func(k *poolKit) {
		late, forever = make(chan struct{}), make(chan struct{})
		k.cfg.Config.Clock = &lateTimers{Clock: k.cfg.Config.Clock, late: late}
		k.tenants(func(_ context.Context, name string) (alf.Config, error) {
			if calls.Add(1) > 1 {
				<-forever
			}
			time.Sleep(5*time.Second + time.Millisecond)
			return alf.Config{}, errors.New("not known yet")
		})
	}, func(t *testing.T, k *poolKit) {
		defer time.Sleep(10 * time.Second) // every call returns
		defer close(forever)
		target := alf.Target{Tenant: "a"}
		_, err := k.pool.Client(target).Token(t.Context())
		require.ErrorContains(t, err, "not known yet")
		close(late)
		synctest.Wait()
		for range 10 {
			_, err = k.pool.Client(target).Token(t.Context())
			require.Error(t, err)
			time.Sleep(10 * time.Second)
		}
		require.EqualValues(t, 1+3, calls.Load(), "at most three calls that do not return")
		require.ErrorContains(t, err, "have not returned")
	})
}
