package alfmcp_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfmcp"
	"github.com/alf-go/alf/sim"
)

// each runs a test for both kinds of server, in a bubble.
func each(t *testing.T, o sim.Options, test func(t *testing.T, l *lab, version string)) {
	for _, version := range []string{version2025, version2026} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, newLab(t, options{sim: o, stateless: version == version2026}), version) })
		})
	}
}

// parallel makes calls at once, and returns the errors.
func parallel(t testing.TB, session *mcp.ClientSession, n int) (failed []error) {
	var all sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		all.Go(func() { errs[i] = echo(t.Context(), session, fmt.Sprint(i)) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed
}

func TestMCP_ATokenForTheWholeSession(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		require.Empty(t, parallel(t, session, 20))
		require.Len(t, l.auth.TokenRequests(), 1)
		require.Zero(t, l.refusals())
		require.Equal(t, []string{l.endpoint}, l.auth.TokenRequests()[0].Form["resource"])
	})
}

func TestMCP_100CallsInParallelAtARevocation(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		require.NoError(t, echo(t.Context(), session, "first"))
		l.auth.Revoke()
		require.Empty(t, parallel(t, session, 100))
		require.Len(t, l.auth.TokenRequests(), 2, "one fetch for all of them")
		require.EqualValues(t, 101, l.calls.Load(), "each call is made once")
		require.LessOrEqual(t, l.refusals(), 100)
		require.NotZero(t, l.refusals())
	})
}

func TestMCP_TwoRevocationsWithinASecond(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		for range 2 {
			l.auth.Revoke()
			require.Empty(t, parallel(t, session, 50))
			time.Sleep(300 * time.Millisecond)
		}
		require.Empty(t, parallel(t, session, 50))
		require.Len(t, l.auth.TokenRequests(), 3)
	})
}

// A 401 that remains is the error of one call, and has the response. The session goes on.
func TestMCP_ACallThatIsRefusedPermanently(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden} {
			l.setRefuse(func(r *http.Request) int {
				if r.Method == http.MethodPost {
					return status
				}
				return 0
			})
			err := echo(t.Context(), session, "refused")
			var refused *alfmcp.RefusedError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, status, refused.StatusCode)
			resp := refused.Response()
			require.Equal(t, `Bearer error="invalid_token"`, resp.Header.Get("WWW-Authenticate"))
			require.Nil(t, resp.Request)
			body := make([]byte, 7)
			_, _ = resp.Body.Read(body)
			require.Equal(t, "refused", string(body))
			for _, form := range []string{"%v", "%+v", "%#v"} {
				require.NotContains(t, fmt.Sprintf(form, err), l.auth.TokenRequests()[0].Token)
			}
			l.setRefuse(nil)
			require.NoError(t, echo(t.Context(), session, "accepted again"))
		}
	})
}

// The stream that a session may have beside its calls is refused, as by a gateway that lets no GET pass: the SDK goes
// on without it, at once.
func TestMCP_AStreamThatIsRefusedCostsTheCallsNothing(t *testing.T) {
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t, options{})
			l.setRefuse(func(r *http.Request) int {
				if r.Method == http.MethodGet {
					return status
				}
				return 0
			})
			began := time.Now()
			session := connect(t, l.access(t).Transport(), version2025, nil)
			require.NoError(t, echo(t.Context(), session, "without a stream"))
			require.Less(t, time.Since(began), 5*time.Second, status)
		})
	}
}

// Without a token no call is made; the session goes on once the endpoint is back.
func TestMCP_ATokenEndpointThatIsDown(t *testing.T) {
	each(t, sim.Options{Lifetime: 30 * time.Second}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		require.NoError(t, echo(t.Context(), session, "first"))
		l.auth.GoDown(0)
		for range 15 { // the token is still usable
			require.NoError(t, echo(t.Context(), session, "meanwhile"))
			time.Sleep(time.Second)
		}
		time.Sleep(20 * time.Second)
		err := echo(t.Context(), session, "too late")
		var outage *alf.TokenError
		require.ErrorAs(t, err, &outage)
		l.auth.Up()
		time.Sleep(15 * time.Second) // a backoff at most
		require.NoError(t, echo(t.Context(), session, "again"))
	})
}

// A caller's deadline is its own: the SDK passes it on, and no lock makes other calls wait.
func TestMCP_ACallersDeadline(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		l.auth.Revoke()
		l.auth.Hang(0)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, echo(ctx, session, "late"), context.DeadlineExceeded)
		require.Equal(t, 100*time.Millisecond, time.Since(start))
		l.auth.Up()
		time.Sleep(10 * time.Second)
		require.NoError(t, echo(t.Context(), session, "in time"))
	})
}

// Ten minutes with tokens of 30 s: the fewest possible token requests, no call lost, and no event missed that the
// server can replay, though the stream is cut every minute. With 2026-07-28 a server replays nothing, so that none is
// cut.
func TestMCP_TenMinutesOfTokensOf30Seconds(t *testing.T) {
	each(t, sim.Options{Lifetime: 30 * time.Second}, func(t *testing.T, l *lab, version string) {
		e := new(events)
		session := connect(t, l.access(t).Transport(), version, e.options())
		require.NoError(t, session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: watched}))
		synctest.Wait()
		sent := 0
		for start := time.Now(); time.Since(start) < 10*time.Minute; sent++ {
			require.NoError(t, echo(t.Context(), session, "now"))
			if version == version2025 && sent%30 == 15 {
				require.Equal(t, 1, l.cut())
				synctest.Wait()
			}
			l.send(t, sent)
			time.Sleep(2 * time.Second)
		}
		time.Sleep(10 * time.Second)
		require.Equal(t, upTo(sent), e.numbers())
		require.EqualValues(t, sent, l.calls.Load())
		require.Zero(t, l.refusals())
		// The effective lifetime is 27 s, and a refresh is made after 75 % of that, which is 20.25 s.
		require.Equal(t, int((10*time.Minute+10*time.Second)/(20250*time.Millisecond))+1, len(l.auth.TokenRequests()))
	})
}

func TestMCP_AnnouncesTheExtension(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		var announced *mcp.ClientCapabilities
		l.server.AddReceivingMiddleware(func(next mcp.MethodHandler) mcp.MethodHandler {
			return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
				result, err := next(ctx, method, req)
				if session, ok := req.GetSession().(*mcp.ServerSession); ok && session.InitializeParams() != nil && session.InitializeParams().Capabilities != nil {
					announced = session.InitializeParams().Capabilities
				}
				return result, err
			}
		})
		session := connect(t, l.access(t).Transport(), version, nil)
		require.NoError(t, echo(t.Context(), session, "x"))
		require.NotNil(t, announced)
		require.Contains(t, announced.Extensions, alfmcp.Extension)
	})
	given := &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{Extensions: map[string]any{"com.example/x": map[string]any{"y": 1}, "com.example/odd": 7}}}
	options := alfmcp.Announce(given)
	require.Equal(t, map[string]any{"com.example/x": map[string]any{"y": 1}, "com.example/odd": 7, alfmcp.Extension: map[string]any{}}, options.Capabilities.Extensions)
	//lint:ignore SA1019 it must not be announced where the program has not announced it
	require.Nil(t, options.Capabilities.RootsV2)
	require.NotContains(t, given.Capabilities.Extensions, alfmcp.Extension)
	//lint:ignore SA1019 it is what the SDK announces by default
	require.True(t, alfmcp.Announce(nil).Capabilities.RootsV2.ListChanged)
}
