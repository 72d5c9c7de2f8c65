package alfmcp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

const watched = "file:///watched"

// events are those that a session has received, by their numbers.
type events struct {
	mu  sync.Mutex
	got []int
}

func (e *events) options() *mcp.ClientOptions {
	return &mcp.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, req *mcp.ResourceUpdatedNotificationRequest) {
		e.mu.Lock()
		defer e.mu.Unlock()
		n, _ := req.Params.Meta["n"].(float64)
		e.got = append(e.got, int(n))
	}}
}

func (e *events) numbers() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]int(nil), e.got...)
}

// send has the server send an event.
func (l *lab) send(t testing.TB, n int) {
	require.NoError(t, l.server.ResourceUpdated(t.Context(), &mcp.ResourceUpdatedNotificationParams{URI: watched, Meta: mcp.Meta{"n": n}}))
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

// watching is a session with the stream of 2025-11-25 that has received an event, which the server can replay after.
func watching(t *testing.T, l *lab, e *events, transport mcp.Transport) *mcp.ClientSession {
	session := connect(t, transport, version2025, e.options())
	require.NoError(t, session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: watched}))
	synctest.Wait()
	l.send(t, 0)
	synctest.Wait()
	require.Equal(t, upTo(1), e.numbers())
	return session
}

// The stream is cut and the token revoked: it is resumed with the successor, and what was sent meanwhile is replayed.
func TestMCP_AStreamIsResumedThroughARevocation(t *testing.T) {
	for name, aborts := range map[string]bool{"it ends": false, "it breaks": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, e := newLab(t, options{}), new(events)
				l.aborts = aborts
				session := watching(t, l, e, l.access(t).Transport())
				for n := 1; n < 40; n++ {
					if n%10 == 5 {
						l.auth.Revoke()
						require.Equal(t, 1, l.cut())
						synctest.Wait()
					}
					l.send(t, n)
					time.Sleep(200 * time.Millisecond)
				}
				time.Sleep(10 * time.Second)
				require.Equal(t, upTo(40), e.numbers(), "all of them, in order, once")
				require.NoError(t, echo(t.Context(), session, "still there"))
				require.Len(t, l.auth.TokenRequests(), 5, "one for each revocation")
				require.Equal(t, 4, l.count(func(r seen) bool { return r.method == http.MethodGet && r.lastEvent != "" && r.status == 401 }))
			})
		})
	}
}

// Two revocations within a second: the second one meets the stream while it is being resumed.
func TestMCP_AStreamIsResumedThroughTwoRevocations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e := newLab(t, options{}), new(events)
		session := watching(t, l, e, l.access(t).Transport())
		for n := 1; n <= 2; n++ {
			l.auth.Revoke()
			l.cut()
			l.send(t, n)
			require.Empty(t, parallel(t, session, 20))
			time.Sleep(400 * time.Millisecond)
		}
		time.Sleep(20 * time.Second)
		l.send(t, 3)
		time.Sleep(time.Second)
		require.Equal(t, upTo(4), e.numbers())
		require.Len(t, l.auth.TokenRequests(), 3)
	})
}

// An outage of the token endpoint that outlasts the SDK's attempts does not end the session: the attempt to resume
// waits.
func TestMCP_AStreamIsResumedAfterAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e := newLab(t, options{sim: sim.Options{Lifetime: 30 * time.Second}}), new(events)
		session := watching(t, l, e, l.access(t).Transport())
		l.auth.GoDown(0)
		l.auth.Revoke()
		l.cut()
		synctest.Wait()
		for n := 1; n < 30; n++ { // five minutes
			l.send(t, n)
			time.Sleep(10 * time.Second)
		}
		var outage *alf.TokenError
		require.ErrorAs(t, echo(t.Context(), session, "no token"), &outage, "a call does not wait")
		require.Equal(t, upTo(1), e.numbers())
		l.auth.Up()
		time.Sleep(30 * time.Second)
		require.Equal(t, upTo(30), e.numbers())
		require.NoError(t, echo(t.Context(), session, "again"))
	})
}

// Closing ends a stream that waits for a token.
func TestMCP_CloseEndsAWaitForAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e := newLab(t, options{}), new(events)
		access := l.access(t)
		session := watching(t, l, e, access.Transport())
		l.auth.GoDown(0)
		l.auth.Revoke()
		l.cut()
		time.Sleep(20 * time.Second)
		access.Close()
		access.Close()
		synctest.Wait()
		require.ErrorIs(t, echo(t.Context(), session, "closed"), alf.ErrClosed)
		_ = session.Close()
		require.ErrorIs(t, echo(t.Context(), session, "closed"), mcp.ErrConnectionClosed)
	})
}

// Version 2026-07-28 sends events in the response to a POST, which the SDK does not repeat. Its end is noticed, and the
// program can subscribe again.
func TestMCP_TheEndOfAListenStreamIsNoticed(t *testing.T) {
	for _, aborts := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l, e := newLab(t, options{stateless: true}), new(events)
			l.aborts = aborts
			access := l.access(t)
			ended := make(chan error, 10)
			access.StreamEnded(func(err error) { ended <- err })
			session := connect(t, access.Transport(), version2026, e.options())
			for n := range 3 {
				require.NoError(t, session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: watched}))
				time.Sleep(time.Second)
				l.send(t, n)
				time.Sleep(time.Second)
				require.Equal(t, upTo(n+1), e.numbers())
				l.auth.Revoke() // an open stream outlives its token
				require.Equal(t, 1, l.cut())
				err := <-ended
				require.Equal(t, !aborts, errors.Is(err, io.EOF), err)
				require.NoError(t, session.Unsubscribe(t.Context(), &mcp.UnsubscribeParams{URI: watched}))
			}
			synctest.Wait()
			require.Empty(t, ended, "each end is reported once")
			require.NoError(t, echo(t.Context(), session, "still there"))

			access.StreamEnded(nil)
			require.NoError(t, session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: watched}))
			time.Sleep(time.Second)
			l.cut()
			time.Sleep(time.Second)
			require.Empty(t, ended)
			// A stream that this side ends is none that was lost.
			access.StreamEnded(func(err error) { ended <- err })
			require.NoError(t, session.Unsubscribe(t.Context(), &mcp.UnsubscribeParams{URI: watched}))
			require.NoError(t, session.Subscribe(t.Context(), &mcp.SubscribeParams{URI: watched}))
			time.Sleep(time.Second)
			require.NoError(t, session.Close())
			time.Sleep(time.Second)
			require.Empty(t, ended)
		})
	}
}
