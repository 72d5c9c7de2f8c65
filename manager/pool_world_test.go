package manager_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

// poolWorld is a pool on a mock clock in a bubble. Every target has an endpoint of its own. Its language is that of
// world, whose manager and endpoint it does not have.
type poolWorld struct {
	*world
	pool *manager.Pool

	mu        sync.Mutex
	endpoints map[string]*endpoint
}

func inPool(t *testing.T, cfg manager.PoolConfig, test func(t *testing.T, w *poolWorld)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &poolWorld{world: &world{T: t, clock: clock.NewMock()}, endpoints: map[string]*endpoint{}}
		cfg.Clock = skewed{w.clock, &w.offset}
		cfg.Rand = func() float64 { return 0.5 }
		cfg.Hook = w.note
		p, err := manager.NewPool(cfg)
		require.NoError(t, err)
		w.pool = p
		defer func() {
			for _, e := range w.endpoints {
				e.releaseAll()
			}
			synctest.Wait()
			p.Close()
		}()
		test(t, w)
	})
}

func (w *poolWorld) endpoint(name string) *endpoint {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.endpoints[name]
	if e == nil {
		e = &endpoint{clock: w.clock, lifetime: 100 * second}
		w.endpoints[name] = e
	}
	return e
}

// of is a handle for a target, whose tokens are called t1, t2, ...
func (w *poolWorld) of(name string) *manager.Handle {
	return w.pool.Handle(manager.KeyOf(name), w.endpoint(name))
}

func (w *poolWorld) ask(ask func(context.Context) (*manager.Token, error)) *caller {
	return w.world.ask(func() (*manager.Token, error) { return ask(context.Background()) })
}

func (w *poolWorld) get(name string) string {
	w.Helper()
	return w.ask(w.of(name).Token).token()
}

func (w *poolWorld) wantFetches(name string, n int) {
	w.Helper()
	synctest.Wait()
	require.Equal(w, n, w.endpoint(name).count(), "fetches of %s", name)
}
