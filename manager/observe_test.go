package manager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/manager"
)

func TestM18_EverythingIsVisible(t *testing.T) {
	var log bytes.Buffer
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = second
		c := w.wait()
		w.advance(second)
		c.wantToken("t1")
		w.replace(c.got, api)
		w.advance(second)
		again := w.replace(w.wait().got, api) // a second after the last
		w.advance(2 * second)
		w.replace(again.got, api)    // suppressed
		w.advance(minute + 6*second) // t2 refreshed at the refresh time, and t3 idle because no caller reads it
		w.advance(minute + 8*second)
		w.endpoint.set(func(e *endpoint) { e.latency = 0; e.fail = permanent{errDown} })
		w.wait()
		synctest.Wait()
		w.endpoint.set(func(e *endpoint) { e.stuck = true })
		w.refresh()
		w.endpoint.set(func(e *endpoint) { e.stuck = false })
		w.advance(20 * second)
		w.endpoint.release(1)
		w.advance(1)
		w.m.Close()
		synctest.Wait()

		seen := map[manager.EventKind]int{}
		for _, e := range w.list() {
			seen[e.Kind]++
			require.False(t, e.Time.IsZero())
		}
		for _, kind := range []manager.EventKind{
			manager.FetchStarted, manager.FetchEnded, manager.FetchAbandoned, manager.LateResult, manager.Published,
			manager.Withdrawn, manager.Rejected, manager.Suppressed, manager.BackedOff, manager.Idle, manager.Closed,
		} {
			require.NotZero(t, seen[kind], "%s", kind)
			require.Contains(t, log.String(), "alf: "+string(kind))
		}
		first := w.list()[:3]
		require.Equal(t, manager.Event{Kind: manager.FetchStarted, Time: w.unix(0), Fetch: 1, Cause: manager.CauseCold, Attempt: 1}, first[0])
		require.Equal(t, manager.Event{Kind: manager.FetchEnded, Time: w.unix(second), Fetch: 1, Cause: manager.CauseCold, Attempt: 1, Duration: second, Class: manager.ClassOK}, first[1])
		require.Equal(t, manager.Event{Kind: manager.Published, Time: w.unix(second), Token: 1, RefreshTime: w.unix(67500 * ms), Until: w.unix(90 * second)}, first[2])

		s := w.m.Stats()
		require.EqualValues(t, seen[manager.FetchStarted], s.Fetches)
		require.EqualValues(t, seen[manager.Published], s.Published)
		require.EqualValues(t, seen[manager.Rejected], s.Rejected)
		require.EqualValues(t, seen[manager.Suppressed], s.Suppressed)
		require.EqualValues(t, seen[manager.BackedOff], s.BackedOff)
		require.EqualValues(t, seen[manager.Idle], s.WentIdle)
		require.EqualValues(t, seen[manager.FetchAbandoned], s.Abandoned)
		require.EqualValues(t, seen[manager.LateResult], s.LateResults)
		require.EqualValues(t, 2, s.Permanent)
	}, func(w *world) {
		w.config.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
}

func (w *world) unix(d time.Duration) time.Time { return time.Unix(0, 0).Add(d).Round(0) }

func TestM18_AHookMayUseTheManager(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		require.Equal(t, "t1", w.get())
		synctest.Wait()
	}, func(w *world) {
		w.config.Hook = func(manager.Event) {
			w.m.Stats()
			if _, err := w.m.Token(context.Background()); err != nil && !errors.Is(err, manager.ErrClosed) {
				t.Error(err)
			}
		}
	})
}

func TestM18_AHookMayClose(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = second
		require.ErrorIs(t, w.wait().failure(), manager.ErrClosed)
	}, func(w *world) {
		w.config.Hook = func(manager.Event) { w.m.Close() }
	})
}

func TestM18_AHookThatEndsItsGoroutineMissesNothing(t *testing.T) {
	var seen atomic.Int64
	inWorld(t, func(t *testing.T, w *world) {
		seen.Store(0)
		w.get()
		synctest.Wait()
		require.EqualValues(t, 3, seen.Load())
	}, func(w *world) {
		w.config.Hook = func(manager.Event) { seen.Add(1); runtime.Goexit() }
	})
}

func TestM18_EventsSayWhy(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		w.wait()
		w.advance(second)
		ended := w.seen(manager.FetchEnded)
		require.Len(t, ended, 3)
		require.ErrorIs(t, ended[0].Err, errDown)
		require.Equal(t, manager.CauseCold, ended[0].Cause)
		require.Equal(t, manager.CauseRetry, ended[1].Cause)
		require.Equal(t, 3, ended[2].Attempt)
		require.ErrorIs(t, w.seen(manager.BackedOff)[0].Err, errDown)
	})
}

func TestM18_ASlowHookDelaysNoCallerAndOverflowsAreCounted(t *testing.T) {
	release := new(chan struct{})
	var called atomic.Int64
	inWorld(t, func(t *testing.T, w *world) {
		called.Store(0)
		*release = make(chan struct{})
		for range 1000 {
			w.refresh().token()
		}
		s := w.m.Stats()
		require.EqualValues(t, 3000-1-1024, s.EventsDropped, "one is in the hook, 1,024 wait")
		close(*release)
		synctest.Wait()
		require.EqualValues(t, 1025, called.Load())
	}, func(w *world) {
		w.config.Hook = func(manager.Event) { called.Add(1); <-*release }
	})
}

func TestM19_TokensPrintAsARedaction(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("s3cr3t", hour)
		token := w.wait().got
		type users struct {
			token  *manager.Token
			held   manager.Token
			m      tokens
			config manager.Config
		}
		mine := users{token, *token, w.m, w.config}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "token", token, "value", *token, "stats", w.m.Stats(), "mine", mine)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "token", token, "value", *token, "stats", w.m.Stats(), "mine", mine, "m", w.m)
		for _, v := range []any{token, *token, mine, &mine, w.m, w.config, w.m.Stats(), []any{token}, map[string]any{"t": *token}, &struct{ T *manager.Token }{token}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				fmt.Fprintf(&log, verb+"\n", v)
			}
		}
		for _, v := range []any{token, *token, w.m.Stats(), map[string]any{"t": token}} {
			b, err := json.Marshal(v)
			require.NoError(t, err)
			log.Write(b)
		}
		require.NotContains(t, log.String(), "s3cr3t")
		require.NotContains(t, log.String(), "733363723374", "in hexadecimal")
		require.Contains(t, log.String(), "REDACTED")
		require.Equal(t, "s3cr3t", token.OAuth2().AccessToken, "a caller that asks by name gets it")
	})
}

func TestM19_TheZeroTokenIsHarmless(t *testing.T) {
	var zero manager.Token
	require.Empty(t, zero.Value())
	require.Empty(t, zero.Authorization())
	require.NotNil(t, zero.OAuth2())
	require.False(t, zero.Same(nil))
}

func TestM20_NewNamesEveryProblem(t *testing.T) {
	_, err := manager.New(manager.Config{Policy: manager.Policy{
		Margin: -1, RefreshFraction: 0.2, Jitter: 2, AttemptTimeout: -1, Attempts: -1, MinBackoff: time.Hour, MinPermanentBackoff: time.Hour,
	}})
	require.EqualError(t, err, `manager: unusable Config:
Fetcher: missing: set what obtains the tokens, such as a *fetcher.Fetcher
Policy.Margin: -1ns is negative: leave it 0 for the default
Policy.AttemptTimeout: -1ns is negative: leave it 0 for the default
Policy.RefreshFraction: 0.2 is not from 0.5 to 1: correct it, or leave it 0 for the default
Policy.Jitter: 2 is more than 0.5: lower it, or leave it 0 for the default; negative is none
Policy.Attempts: -1 is not from 1 to 100: correct it, or leave it 0 for the default
Policy.MinBackoff: 1h0m0s is above MaxBackoff, 1m0s: lower the one or raise the other
Policy.MinPermanentBackoff: 1h0m0s is above MaxPermanentBackoff, 1m0s: lower the one or raise the other`)
}

func TestM20_AFetcherMadeOfNilIsRefused(t *testing.T) {
	for _, f := range []manager.Fetcher{manager.FetcherFunc(nil), manager.FromTokenSource(nil)} {
		_, err := manager.New(manager.Config{Fetcher: f})
		require.EqualError(t, err, "manager: unusable Config:\n"+
			"Fetcher: made of nil: give FetcherFunc or FromTokenSource something that obtains the tokens")
	}
}
