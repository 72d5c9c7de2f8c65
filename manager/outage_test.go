package manager_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/manager"
)

func TestM8_AFailingRefreshAffectsNoCallerAndBacksOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.lifetime = hour
		w.get()
		w.endpoint.fails(errDown)
		refreshTime := time.Duration(0.75 * float64(3590*second))
		w.advance(refreshTime)
		w.wantFetches(2)
		// Each wait is three quarters (the middle of the upper half) of 0.5, 1, 2, ... 60 s.
		at := refreshTime
		for n, wait := range []time.Duration{375 * ms, 750 * ms, 1500 * ms, 3 * second, 6 * second, 12 * second, 24 * second, 45 * second, 45 * second} {
			require.Equal(t, "t1", w.get())
			w.advance(wait - 1)
			w.wantFetches(2 + n)
			w.advance(1)
			at += wait
			w.wantFetchAt(3+n, at)
		}
		w.wantLastError(errDown)
		require.Equal(t, at+45*second, w.m.Stats().NextAttempt.Sub(time.Unix(0, 0)))
		w.endpoint.works()
		w.advance(45 * second)
		require.Equal(t, "t12", w.get())
		require.NoError(t, w.m.Stats().LastError)
		require.True(t, w.m.Stats().NextAttempt.IsZero())
	})
}

func TestM8_WaitsAreDrawnFromTheirUpperHalf(t *testing.T) {
	for draw, wait := range map[float64]time.Duration{0: 250 * ms, 0.999999999: 500 * ms} {
		inWorld(t, func(t *testing.T, w *world) {
			w.get()
			w.endpoint.fails(errDown)
			refreshTime := w.m.Stats().RefreshTime.Sub(time.Unix(0, 0))
			w.advance(refreshTime)
			w.wantFetches(2)
			w.advance(wait)
			w.wantFetchAt(3, refreshTime+wait)
		}, withRand(func() float64 { return draw }))
	}
}

func TestM9_ARoundIsThreeAttempts(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		a, b := w.wait(), w.wait()
		w.wantFetches(1)
		w.advance(100 * ms)
		w.wantFetchAt(2, 100*ms)
		a.wantWaiting()
		w.advance(200 * ms)
		w.wantFetchAt(3, 300*ms)
		require.ErrorIs(t, a.failure(), errDown)
		require.Same(t, a.err, b.failure(), "everyone who waits gets the one error")
		require.Equal(t, 300*ms, a.after)
	})
}

func TestM9_AttemptsAreJittered(t *testing.T) {
	for draw, at := range map[float64]time.Duration{0: 50 * ms, 0.999999999: 150 * ms} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.fail = errDown
			w.wait()
			w.advance(at)
			w.wantFetchAt(2, at)
			w.advance(second)
		}, withRand(func() float64 { return draw }))
	}
}

func TestM9_ALaterAttemptServesAllWhoWait(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		a := w.wait()
		w.endpoint.works()
		b := w.wait()
		w.advance(100 * ms)
		a.wantToken("t2")
		b.wantToken("t2")
	})
}

func TestM9_FailFastInsideBackoff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		c := w.wait()
		w.advance(300 * ms)
		first := c.failure()
		require.Equal(t, 675*ms, nextAttempt(t, first), "three quarters of 0.5 s later")
		require.ErrorContains(t, first, "next attempt at 1970-01-01T00:00:00.675Z")
		for range 50 {
			require.Same(t, first, w.getErr(), "the same error at once")
		}
		w.wantFetches(3)
		w.advance(375*ms - 1)
		w.getErr()
		w.wantFetches(3)
		w.advance(1)
		w.wait()
		w.wantFetches(4)
		w.advance(300 * ms)
		require.Equal(t, 975*ms+750*ms, nextAttempt(t, w.getErr()), "doubled")
	})
}

func TestM9_TheBackoffIsCappedAtTenSeconds(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = errDown
		var longest time.Duration
		for range 10 {
			w.wait()
			w.advance(300 * ms)
			wait := nextAttempt(t, w.getErr()) - w.clock.Now().Sub(time.Unix(0, 0))
			longest = max(longest, wait)
			w.advance(wait)
		}
		require.Equal(t, 7500*ms, longest)
	})
}

func TestM9_AHangingEndpointFailsAllWhoWaitAfterOneRoundsTime(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.hang = true
		callers := make([]*caller, 100)
		for i := range callers {
			callers[i] = w.wait()
		}
		w.advance(5 * second)
		w.wantFetches(1)
		w.advance(100 * ms)
		w.wantFetches(2)
		w.advance(4900*ms - 1)
		callers[0].wantWaiting()
		w.advance(1)
		for _, c := range callers {
			require.ErrorContains(t, c.failure(), "did not respond within 10s")
			require.NotErrorIs(t, c.err, context.Canceled)
			require.NotErrorIs(t, c.err, context.DeadlineExceeded)
			require.ErrorContains(t, c.err, "the attempt before: the token endpoint did not respond within 5s")
			require.Equal(t, 10*second, c.after)
		}
		w.wantFetches(2)
	})
}

func TestM9_ATooManyRequestsEndsTheRound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = &oauth2.RetrieveError{Response: &http.Response{StatusCode: 429}}
		w.getErr()
		w.wantFetches(1)
	})
}

func TestM9_RetryAfterEndsTheRoundAndLengthensTheBackoff(t *testing.T) {
	for _, c := range []struct {
		err  error
		next time.Duration
	}{
		{later{errDown, 30 * second}, 30 * second},
		{later{errDown, 1}, 375 * ms},
		{&oauth2.RetrieveError{Response: &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {"0"}}}}, 375 * ms},
		{later{errDown, 24 * hour}, 10 * minute},
		{&oauth2.RetrieveError{Response: &http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {"30"}}}}, 30 * second},
		{&oauth2.RetrieveError{Response: &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"Thu, 01 Jan 1970 00:01:00 GMT"}}}}, minute},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.fail = c.err
			require.Equal(t, c.next, nextAttempt(t, w.getErr()))
			w.wantFetches(1)
			w.advance(c.next - 1)
			w.getErr()
			w.wantFetches(1)
			w.advance(1)
			w.getErr()
			w.wantFetches(2)
		})
	}
}

func TestM9_LosingTheTokenLiftsTheBackoffOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(later{errDown, 5 * minute})
		w.advance(67500 * ms)
		w.wantFetches(2)
		w.advance(22500*ms - 1)
		require.Equal(t, "t1", w.get())
		w.advance(1) // the effective expiry
		w.wantFetches(2)
		c := w.wait() // the first who waits gets a round
		w.wantFetches(3)
		c.failure()
		w.getErr() // and it is not lifted again
		w.wantFetches(3)
	})
}

func TestM9_ARefreshInFlightBecomesTheRound(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.set(func(e *endpoint) { e.latency = 30 * second })
		w.advance(67500 * ms)
		w.wantFetches(2)
		w.advance(22500 * ms)
		c := w.wait()
		w.wantFetches(2)
		w.advance(7500 * ms)
		c.wantToken("t2")
		w.wantFetches(2)
	}, withPolicy(manager.Policy{AttemptTimeout: minute, RoundTimeout: minute}))
}

func TestM9_ARefreshInFlightThatFailsIsRetriedForThoseWhoWait(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.set(func(e *endpoint) { e.latency = 24 * second; e.fail = errDown })
		w.advance(67500 * ms)
		w.advance(22500 * ms)
		c := w.wait()
		w.endpoint.set(func(e *endpoint) { e.latency = 0; e.fail = nil })
		w.endpoint.set(func(e *endpoint) {
			e.reply = func(n int) (*oauth2.Token, error) {
				if n == 2 {
					return nil, errDown
				}
				return named("t3", w.clock.Now().Add(hour)), nil
			}
		})
		w.advance(1500 * ms)
		w.wantFetches(2)
		w.advance(100 * ms)
		c.wantToken("t3")
		w.wantFetches(3)
	}, withPolicy(manager.Policy{AttemptTimeout: minute, RoundTimeout: minute}))
}

func TestM10_PermanentFailuresAreTriedOnceAndLessOften(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.endpoint.fail = permanent{errors.New("invalid_client")}
		at := time.Duration(0)
		for n, wait := range []time.Duration{5 * second, 10 * second, 20 * second, 40 * second, minute, minute} {
			err := w.getErr()
			var e *manager.Error
			require.ErrorAs(t, err, &e)
			require.True(t, e.Permanent)
			require.Equal(t, 1, e.Attempts)
			w.wantFetches(n + 1)
			require.Equal(t, at+wait, nextAttempt(t, err))
			w.advance(wait - 1)
			require.Same(t, err, w.getErr())
			w.wantFetches(n + 1)
			w.advance(1)
			at += wait
		}
		w.endpoint.works()
		require.Equal(t, "t7", w.get(), "not forever: people repair the other side")
	})
}

func TestM10_BehindATokenNoCallerIsAffected(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.get()
		w.endpoint.fails(permanent{errors.New("invalid_client")})
		w.advance(67500 * ms)
		w.wantFetches(2)
		w.advance(5 * second)
		w.wantFetches(3)
		w.advance(10 * second)
		w.wantFetches(4)
		require.Equal(t, "t1", w.get())
		w.advance(7500 * ms) // the token is lost, and this backoff is not lifted
		w.getErr()
		w.wantFetches(4)
	})
}

func TestM10_WhichFailuresArePermanent(t *testing.T) {
	retrieve := func(status int, code string) error {
		return &oauth2.RetrieveError{Response: &http.Response{StatusCode: status}, ErrorCode: code}
	}
	for _, c := range []struct {
		err       error
		permanent bool
	}{
		{retrieve(400, "invalid_client"), true},
		{retrieve(401, "invalid_client"), true},
		{retrieve(400, "unauthorized_client"), true},
		{retrieve(400, "unsupported_grant_type"), true},
		{retrieve(400, "invalid_scope"), true},
		{retrieve(400, "invalid_target"), true},
		{retrieve(400, "invalid_request"), true},
		{retrieve(404, ""), true},
		{retrieve(302, ""), true},
		{retrieve(408, ""), false},
		{retrieve(429, ""), false},
		{retrieve(500, ""), false},
		{retrieve(503, ""), false},
		{retrieve(400, "temporarily_unavailable"), false},
		{retrieve(400, "server_error"), false},
		{retrieve(400, "slow_down"), false},
		{&oauth2.RetrieveError{}, false},
		{errDown, false},
	} {
		inWorld(t, func(t *testing.T, w *world) {
			w.endpoint.fail = c.err
			caller := w.wait()
			w.advance(second)
			var e *manager.Error
			require.ErrorAs(t, caller.failure(), &e)
			require.Equal(t, c.permanent, e.Permanent, "%v", c.err)
		})
	}
}

// Libraries that send again ask for it; see net.Error.
func TestM9_AnErrorThatMayPassIsTemporary(t *testing.T) {
	for name, c := range map[string]struct {
		prepare             func(e *endpoint)
		after               time.Duration
		temporary, timesOut bool
	}{
		"transient":   {func(e *endpoint) { e.fail = errDown }, second, true, false},
		"permanent":   {func(e *endpoint) { e.fail = permanent{errDown} }, 0, false, false},
		"no response": {func(e *endpoint) { e.latency = hour }, minute, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				c.prepare(w.endpoint)
				caller := w.wait()
				w.advance(c.after)
				failed, ok := caller.failure().(temporary)
				require.True(t, ok)
				require.Equal(t, c.temporary, failed.Temporary())
				require.Equal(t, c.timesOut, failed.Timeout())
			})
		})
	}
}

// temporary is what exporters look for in an error; net.Error has it as well, but it is deprecated there.
type temporary interface {
	Temporary() bool
	Timeout() bool
}
