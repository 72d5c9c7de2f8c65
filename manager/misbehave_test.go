package manager_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func TestM15_FetchersThatPanicGoexitOrReturnNothing(t *testing.T) {
	var none map[string]int
	for name, c := range map[string]struct {
		fetch func() (*oauth2.Token, error)
		says  string
	}{
		"panic":         {func() (*oauth2.Token, error) { panic("with a secret") }, "panicked with a string"},
		"runtime error": {func() (*oauth2.Token, error) { none["x"] = 1; return nil, nil }, "nil map"},
		"panic(nil)":    {func() (*oauth2.Token, error) { panic(error(nil)) }, "panicked"},
		"Goexit":        {func() (*oauth2.Token, error) { runtime.Goexit(); return nil, nil }, "runtime.Goexit"},
		"typed nil":     {func() (*oauth2.Token, error) { var e *oauth2.RetrieveError; return nil, e }, "panicked"},
		"its judgement": {func() (*oauth2.Token, error) { return nil, explosive{} }, "panicked"},
		"nil, nil":      {func() (*oauth2.Token, error) { return nil, nil }, "neither a token nor an error"},
		"empty":         {func() (*oauth2.Token, error) { return &oauth2.Token{}, nil }, "empty"},
		"newline":       {func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "a\r\nb"}, nil }, "no header can carry"},
		"bad type":      {func() (*oauth2.Token, error) { return &oauth2.Token{AccessToken: "a", TokenType: "a b"}, nil }, "token type"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				broken := true
				w.config.Fetcher = nil
				m, err := manager.New(manager.Config{Clock: w.clock, Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
					if broken {
						return c.fetch()
					}
					return w.endpoint.Fetch(ctx)
				})})
				require.NoError(t, err)
				defer m.Close()
				caller := w.ask(func() (*manager.Token, error) { return m.Token(t.Context()) })
				w.advance(second)
				require.ErrorContains(t, caller.failure(), c.says)
				require.NotContains(t, caller.err.Error(), "secret")
				broken = false
				w.advance(second)
				w.ask(func() (*manager.Token, error) { return m.Token(t.Context()) }).wantToken("t1")
			})
		})
	}
}

// explosive is an error whose methods panic.
type explosive struct{}

func (explosive) Error() string   { return "explosive" }
func (explosive) Permanent() bool { panic("with a secret") }

func TestM15_AFetchThatIgnoresItsCancellationIsAbandoned(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		c := w.wait()
		w.advance(5 * second) // cancelled
		require.Error(t, w.endpoint.contexts[0].Err())
		w.wantFetches(1)
		w.endpoint.set(func(e *endpoint) { e.stuck = false })
		w.advance(5*second - 1)
		w.wantFetches(1)
		c.wantWaiting()
		w.advance(1) // abandoned, and the round is over
		require.Error(t, c.failure())
		require.Equal(t, 1, w.m.Stats().AbandonedNow)
		require.Len(t, w.seen(manager.FetchAbandoned), 1)

		w.advance(second)
		require.Equal(t, "t2", w.get())
		w.endpoint.release(1)
		w.advance(1)
		require.Equal(t, "t2", w.get(), "its late result is dropped")
		require.Zero(t, w.m.Stats().AbandonedNow)
		require.EqualValues(t, 1, w.m.Stats().LateResults)
	})
}

func TestM15_WithThreeAbandonedNoneStartsUntilOneReturns(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		for n := 1; n <= 3; n++ {
			c := w.wait()
			w.wantFetches(n)
			w.advance(30 * second)
			c.failure()
			require.Equal(t, n, w.m.Stats().AbandonedNow)
		}
		err := w.getErr()
		require.ErrorIs(t, err, manager.ErrAbandoned)
		require.EqualError(t, err, "alf: no token: too many abandoned fetches have not returned; none is started until one does")
		require.ErrorIs(t, w.refresh().failure(), manager.ErrAbandoned, "not by hand either")
		w.advance(hour)
		require.ErrorIs(t, w.getErr(), manager.ErrAbandoned)
		w.wantFetches(3)

		w.endpoint.set(func(e *endpoint) { e.stuck = false })
		w.endpoint.release(2)
		w.advance(1)
		require.Equal(t, "t4", w.get())
	}, withPolicy(manager.Policy{Attempts: 1}))
}

func TestM15_ALateSuccessThatIsNotYetAbandonedCounts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.stuck = true
		c := w.wait()
		w.advance(7 * second)
		w.endpoint.release(1)
		c.wantToken("t1")
		require.Equal(t, "t1", w.get())
	})
}

func TestM15_AFetcherMayUseTheManagerItself(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		var m *manager.Manager
		m, err := manager.New(manager.Config{Clock: w.clock, Fetcher: manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			m.Stats()
			if _, err := m.Token(ctx); err != nil {
				return nil, errors.New("as expected")
			}
			return nil, nil
		})})
		require.NoError(t, err)
		defer m.Close()
		c := w.ask(func() (*manager.Token, error) { return m.Token(t.Context()) })
		w.advance(20 * second)
		require.Error(t, c.failure())
	})
}
