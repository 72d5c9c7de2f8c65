package manager_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

// doorkeeper with reuse_access_token: the value comes back once more, with expires_in 0, when it has just expired.
func TestM6_AnExpiredValueThatComesAgainIsAskedForAgainSooner(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 30 * second
		w.get() // t1
		again := 0
		w.endpoint.set(func(e *endpoint) {
			e.reply = func(n int) (*oauth2.Token, error) {
				if w.clock.Now().Before(time.Unix(30, 0)) || n == again {
					return named("t1", time.Unix(30, 0)), nil
				}
				return named("fresh", w.clock.Now().Add(30*second)), nil
			}
		})
		w.advance(22 * second)
		w.get()
		w.advance(8 * second) // t1 was kept until its expiry
		fetches := w.endpoint.count()
		again = fetches + 1 // at the expiry, with expires_in 0
		c := w.wait()
		c.wantWaiting()
		w.advance(150 * ms)
		c.wantToken("fresh")
		require.LessOrEqual(t, c.after, 150*ms)
		w.wantFetches(fetches + 2)
	})
}

func TestM6_AnEndpointThatRepeatsAnExpiredValueCausesNoLoop(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.repeatedly("t1", 10*second)
		require.Equal(t, "t1", w.get())
		w.advance(10 * second)
		before := w.endpoint.count()
		for range 600 { // a minute
			w.wait()
			w.advance(100 * ms)
		}
		require.InDelta(t, 61, w.endpoint.count()-before, 2, "the first repeat sooner, the others a second apart")
	})
}

// changeable is a refusal of credentials that can say whether they were corrected.
type changeable struct {
	error
	changed *atomic.Bool
	asked   *atomic.Int64
	hang    chan struct{}
}

func (changeable) Permanent() bool { return true }
func (c changeable) Unwrap() error { return c.error }
func (c changeable) CredentialsChanged() bool {
	c.asked.Add(1)
	if c.hang != nil {
		<-c.hang
	}
	return c.changed.Load()
}

func TestF4_CorrectedCredentialsLiftTheBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		refusal := changeable{errDown, new(atomic.Bool), new(atomic.Int64), nil}
		w.endpoint.fail = refusal
		require.ErrorIs(t, w.getErr(), errDown)
		w.advance(4900 * ms)
		require.EqualValues(t, 2, refusal.asked.Load(), "every 2 s")
		w.advance(200 * ms)
		require.ErrorIs(t, w.getErr(), errDown) // the backoff of 5 s is over: another fetch, and 10 s
		w.endpoint.works()
		refusal.changed.Store(true)
		require.ErrorIs(t, w.getErr(), errDown)
		w.wantFetches(2)
		w.advance(2 * second)
		require.Equal(t, "t3", w.get())
		require.Len(t, w.seen(manager.BackoffLifted), 1)
		w.advance(20 * second)
		require.EqualValues(t, 3, refusal.asked.Load(), "and no more")
	})
}

// A pool keeps less of a token that no caller has asked for in a minute, but not less of this.
func TestF4_ChecksGoOnAsLongAsTheBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		refusal := changeable{errDown, new(atomic.Bool), new(atomic.Int64), nil}
		w.endpoint.fail = refusal
		require.ErrorIs(t, w.getErr(), errDown)
		w.advance(10 * minute)
		require.EqualValues(t, 300, refusal.asked.Load(), "every 2 s")
		w.endpoint.works()
		refusal.changed.Store(true)
		w.advance(2 * second)
		require.Equal(t, "t2", w.get())
	}, withPolicy(manager.Policy{MinPermanentBackoff: hour, MaxPermanentBackoff: hour}))
}

func TestF4_ACheckThatHangsIsTheOnlyOneAndHoldsUpNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		refusal := changeable{errDown, new(atomic.Bool), new(atomic.Int64), make(chan struct{})}
		refusal.changed.Store(true)
		w.endpoint.fail = refusal
		w.getErr()
		w.advance(4 * second)
		require.EqualValues(t, 1, refusal.asked.Load())
		w.advance(2 * second)
		require.ErrorIs(t, w.getErr(), errDown) // another fetch, another backoff
		w.wantFetches(2)
		close(refusal.hang) // what it says is old news
		synctest.Wait()
		require.ErrorIs(t, w.getErr(), errDown)
		w.wantFetches(2)
	})
}

func TestF4_ACheckThatPanicsChangesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = changeable{error: permanent{errDown}} // its pointers are nil
		w.getErr()
		w.advance(5 * second)
		w.getErr()
		w.wantFetches(2)
	})
}

func TestM18_APanickingHookIsCountedAndLogged(t *testing.T) {
	var log bytes.Buffer
	inWorld(t, func(t *testing.T, w *world) {
		require.Equal(t, "t1", w.get())
		synctest.Wait()
		require.EqualValues(t, 3, w.m.Stats().HookPanics)
		require.Contains(t, log.String(), `level=ERROR msg="alf: hook panicked" error="the hook panicked with a string"`)
		require.NotContains(t, log.String(), "s3cr3t")
		require.Contains(t, log.String(), "token published", "the logger goes on")
	}, func(w *world) {
		w.config.Hook = func(manager.Event) { panic("s3cr3t") }
		w.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
}

type panickingHandler struct{ slog.Handler }

func (panickingHandler) Handle(context.Context, slog.Record) error { panic(errors.New("disk full")) }

func TestM18_APanickingLogHandlerIsCountedAndLoggedToTheDefault(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	inWorld(t, func(t *testing.T, w *world) {
		require.Equal(t, "t1", w.get())
		synctest.Wait()
		require.EqualValues(t, 3, w.m.Stats().HookPanics)
		require.Contains(t, log.String(), "the log handler panicked with a *errors.errorString")
		require.Len(t, w.seen(manager.Published), 1, "the hook goes on")
	}, func(w *world) {
		w.config.Logger = slog.New(panickingHandler{slog.NewTextHandler(&bytes.Buffer{}, &slog.HandlerOptions{Level: slog.LevelDebug})})
	})
}

func TestM18_TheWaitsOfCallersAreCounted(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.latency = 2 * second
		w.wait()
		ctx, cancel := context.WithCancel(context.Background())
		w.waitIn(ctx)
		w.advance(500 * ms)
		cancel()
		synctest.Wait()
		w.wait()
		w.advance(1500 * ms)
		w.get() // does not wait
		s := w.m.Stats().Waits
		require.Equal(t, manager.WaitStats{Count: 2, Sum: 3500 * ms, Max: 2 * second}, s[manager.WaitServed])
		require.Equal(t, manager.WaitStats{Count: 1, Sum: 500 * ms, Max: 500 * ms}, s[manager.WaitCanceled])
		w.endpoint.set(func(e *endpoint) { e.latency, e.fail = 0, permanent{errDown} })
		w.advance(hour)
		w.getErr()
		require.EqualValues(t, 1, w.m.Stats().Waits[manager.WaitFailed].Count)
		w.m.Close()
		w.getErr()
		require.Zero(t, w.m.Stats().Waits[manager.WaitClosed].Count, "as it was at the end")
	})
}

func TestM18_SuppressionsDoNotDisplaceOtherEvents(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = 24 * hour
		got := w.guard(api)
		for range 60 {
			for range 500 {
				require.Error(t, w.m.Invalidate(got, api))
			}
			w.advance(second / 30) // within one wait
		}
		events := w.seen(manager.Suppressed)
		require.Len(t, events, 1)
		require.EqualValues(t, 30001, w.m.Stats().Suppressed)
		w.advance(second)
		w.m.Invalidate(got, api)
		w.advance(ms) // a rejection behind the guard contests nothing, so the old token is served until the successor is there
		got = w.wait().got
		require.Error(t, w.m.Invalidate(got, api))
		events = w.seen(manager.Suppressed)
		require.Len(t, events, 2)
		require.EqualValues(t, 30001, events[1].Count, "those since the last event")
	})
}

func TestM22_ExtremeSettings(t *testing.T) {
	huge := time.Duration(math.MaxInt64)
	for name, p := range map[string]manager.Policy{
		"AttemptTimeout":  {AttemptTimeout: huge},
		"RoundTimeout":    {RoundTimeout: huge},
		"both":            {AttemptTimeout: huge, RoundTimeout: huge},
		"DefaultLifetime": {DefaultLifetime: huge},
		"Margin":          {Margin: huge},
		"everything": {
			Margin: huge, DefaultLifetime: huge, AttemptTimeout: huge, RoundTimeout: huge, MinBackoff: huge, MaxBackoff: huge,
			MinPermanentBackoff: huge, MaxPermanentBackoff: huge, Jitter: 0.5, RefreshFraction: 1, Attempts: 100,
		},
		"tiny": {Margin: 1, DefaultLifetime: 1, AttemptTimeout: ms, RoundTimeout: ms, MinBackoff: 1, MaxBackoff: ms, MinPermanentBackoff: 1, MaxPermanentBackoff: ms},
	} {
		draws := []float64{0.5}
		if name == "everything" {
			draws = []float64{0, 1, -1, 2, math.NaN(), math.Inf(1), math.Inf(-1)}
		}
		for _, draw := range draws {
			inWorld(t, func(t *testing.T, w *world) {
				require.Equal(t, "t1", w.get(), name)
				w.advance(hour)
				token := w.get()
				require.NotEqual(t, "t1", token, "%s: the fetches after the first one work too", name)
				require.LessOrEqual(t, w.endpoint.count(), 200)
				w.endpoint.fails(permanent{errDown})
				w.advance(hour)
				before := w.endpoint.count()
				for range 50 {
					w.wait()
				}
				require.LessOrEqual(t, w.endpoint.count(), before+1, "%s: no busy loop", name)
			}, withPolicy(p), withRand(func() float64 { return draw }))
		}
	}
}

// A source of random numbers that returns anything has the times of one that returns from 0 to 1.
func TestM22_RandomNumbersOutOfRange(t *testing.T) {
	for _, draw := range []float64{-1e300, -1, 2, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)} {
		inWorld(t, func(t *testing.T, w *world) {
			w.get()
			s := w.m.Stats()
			require.WithinRange(t, s.RefreshTime, time.Unix(58, 0), time.Unix(77, 0), "%v: 90 s x (0.75 +- 0.10)", draw)
			w.endpoint.fails(errDown)
			w.advance(100 * second)
			before := w.endpoint.count()
			c := w.wait()
			w.advance(2 * second)
			require.ErrorIs(t, c.failure(), errDown, "%v: a round of three attempts ends", draw)
			require.LessOrEqual(t, w.endpoint.count()-before, 5, draw)
			s = w.m.Stats()
			require.WithinRange(t, s.NextAttempt, w.clock.Now(), w.clock.Now().Add(10*second), "%v: the backoff without a token", draw)
			w.endpoint.works()
			w.advance(10 * second)
			w.get()
		}, withRand(func() float64 { return draw }))
	}
}

func TestM22_AShortBackoffReachesTheLongest(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(errDown)
		w.advance(67500 * ms)
		w.get()
		w.advance(22 * second)
		s := w.m.Stats()
		require.Greater(t, s.NextAttempt.Sub(w.clock.Now()), second, "after %d failures", s.Failed)
		require.Less(t, s.Failed, uint64(60))
	}, withPolicy(manager.Policy{MinBackoff: time.Microsecond}))
}

func TestM22_SettingsThatCannotWorkAreRefused(t *testing.T) {
	err := manager.Policy{AttemptTimeout: 1, RoundTimeout: 1, MaxBackoff: 1, MinBackoff: 1, RefreshFraction: math.NaN(), Jitter: math.NaN()}.Validate()
	for _, field := range []string{"AttemptTimeout", "RoundTimeout", "MaxBackoff", "RefreshFraction", "Jitter"} {
		require.ErrorContains(t, err, "Policy."+field)
	}
	var one *manager.FieldError
	require.ErrorAs(t, err, &one)
	require.Equal(t, manager.FieldError{
		Field: "Policy.AttemptTimeout", Problem: "1ns is less than 1ms", Remedy: "raise it, or leave it 0 for the default",
	}, *one)
}

func TestF_AFetcherLearnsWhyItIsCalled(t *testing.T) {
	var seen []manager.FetchInfo
	inWorld(t, func(t *testing.T, w *world) {
		seen = nil
		_, ok := manager.FetchInfoFrom(context.Background())
		require.False(t, ok)
		first := w.wait()
		w.endpoint.fails(errDown)
		w.replace(first.got, api)
		w.advance(120 * ms)
		w.endpoint.works()
		w.advance(second)
		w.refresh()
		require.Equal(t, []manager.FetchInfo{
			{Cause: manager.CauseCold, Attempt: 1},
			{Cause: manager.CauseRejected, Attempt: 1, Rejected: first.got},
			{Cause: manager.CauseRetry, Attempt: 2, Rejected: first.got},
			{Cause: manager.CauseRetry, Attempt: 3, Rejected: first.got},
			{Cause: manager.CauseManual, Attempt: 1},
		}, seen)
	}, func(w *world) {
		w.config.Fetcher = manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			info, ok := manager.FetchInfoFrom(ctx)
			require.True(t, ok)
			seen = append(seen, info)
			return w.endpoint.Fetch(ctx)
		})
	})
}

func TestF_AFetcherLearnsOfARejectionHoweverLongAgo(t *testing.T) {
	var seen []manager.FetchInfo
	inWorld(t, func(t *testing.T, w *world) {
		first := w.wait()
		w.endpoint.fails(permanent{errDown})
		require.Error(t, w.replace(first.got, api).failure())
		w.endpoint.works()
		w.advance(30 * minute) // it has expired, and a pool has packed what it keeps of it
		seen = nil
		w.advance(31 * minute)
		w.waitFor(api)
		require.Len(t, seen, 1)
		require.Same(t, first.got, seen[0].Rejected)
	}, withPolicy(manager.Policy{MinPermanentBackoff: hour, MaxPermanentBackoff: hour}), func(w *world) {
		w.config.Fetcher = manager.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			info, _ := manager.FetchInfoFrom(ctx)
			seen = append(seen, info)
			return w.endpoint.Fetch(ctx)
		})
	})
}
