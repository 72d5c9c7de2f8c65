package alfmcp_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/alfmcp"
)

// What a stream that is to be opened again may meet for a while, without the session being over: npm's servers respond
// with 409 as long as they believe the last one to be open, gateways with 5xx while a server is replaced.
var passing = []int{
	connectionBreaks,
	http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly,
	http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable,
	http.StatusGatewayTimeout,
}

func TestMCP_AStreamIsResumedAfterWhateverPasses(t *testing.T) {
	for _, status := range passing {
		for _, first := range []int{0, 1} { // events before the stream is cut: without one there is nothing to resume after
			t.Run(fmt.Sprint(status, " after ", first), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l, e := newLab(t, options{plain: first == 0}), new(events)
					session := connect(t, l.access(t).Transport(), version2025, e.options())
					require.NoError(t, session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: watched}))
					synctest.Wait()
					for n := range first {
						l.send(t, n)
					}
					synctest.Wait()
					l.setRefuse(only(http.MethodGet, status))
					require.Equal(t, 1, l.cut())
					time.Sleep(5 * time.Minute)
					require.NoError(t, echo(t.Context(), session, "meanwhile"))
					require.Less(t, l.count(func(r seen) bool { return r.method == http.MethodGet }), 60, "it is not asked in a hurry")
					if first > 0 {
						l.send(t, 1)
					}
					l.setRefuse(nil)
					time.Sleep(time.Minute)
					l.send(t, 2)
					time.Sleep(time.Second)
					want := []int{2}
					if first > 0 {
						want = upTo(3)
					}
					require.Equal(t, want, e.numbers())
					require.NoError(t, echo(t.Context(), session, "again"))
					require.NoError(t, session.Close())
				})
			})
		}
	}
}

// A session that is over is over.
func TestMCP_AStreamOfASessionThatTheServerHasEnded(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusGone} {
		synctest.Test(t, func(t *testing.T) {
			l, e := newLab(t, options{}), new(events)
			session := watching(t, l, e, l.access(t).Transport())
			l.setRefuse(only(http.MethodGet, status))
			require.Equal(t, 1, l.cut())
			time.Sleep(time.Minute)
			require.ErrorIs(t, echo(t.Context(), session, "late"), mcp.ErrConnectionClosed, status)
		})
	}
}

// Closing the session, or the client, ends the wait.
func TestMCP_CloseEndsAWaitForAStream(t *testing.T) {
	for name, closes := range map[string]func(*mcp.ClientSession, *alfmcp.Access){
		"the session": func(s *mcp.ClientSession, _ *alfmcp.Access) { _ = s.Close() },
		"the client":  func(_ *mcp.ClientSession, a *alfmcp.Access) { a.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, e := newLab(t, options{}), new(events)
				access := l.access(t)
				session := watching(t, l, e, access.Transport())
				l.setRefuse(only(http.MethodGet, http.StatusConflict))
				require.Equal(t, 1, l.cut())
				time.Sleep(time.Minute)
				asked := l.count(func(r seen) bool { return r.method == http.MethodGet })
				closes(session, access)
				time.Sleep(time.Minute)
				require.Equal(t, asked, l.count(func(r seen) bool { return r.method == http.MethodGet }))
				_ = session.Close()
			})
		})
	}
}

// only refuses the requests of a method.
func only(method string, status int) func(*http.Request) int {
	return func(r *http.Request) int {
		if r.Method == method {
			return status
		}
		return 0
	}
}

// A stream may be cut often before there is another event: by a proxy that limits how long a request or its silence may
// last. No event is missed that is sent between two streams, and the session goes on however often it happens.
