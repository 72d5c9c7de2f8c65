package alfmcp_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// A stream may be cut often before there is another event: by a proxy that limits how long a request or its silence may
// last. No event is missed that is sent between two streams, and the session goes on however often it happens.
func TestMCP_AStreamThatIsCutAgainBeforeAnEvent(t *testing.T) {
	for _, aborts := range []bool{false, true} {
		for _, plain := range []bool{false, true} {
			for _, cuts := range []int{1, 20} {
				t.Run(fmt.Sprint("aborts ", aborts, ", plain ", plain, ", cuts ", cuts), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						l, e := newLab(t, options{plain: plain}), new(events)
						l.aborts = aborts
						session := watching(t, l, e, l.access(t).Transport())
						for range cuts {
							require.Equal(t, 1, l.cut())
							time.Sleep(time.Minute)
						}
						require.Equal(t, 1, l.cut())
						synctest.Wait()
						want := []int{0, 2}
						if !plain {
							l.send(t, 1) // between two streams
							want = upTo(3)
						}
						time.Sleep(time.Minute)
						l.send(t, 2)
						time.Sleep(time.Second)
						require.Equal(t, want, e.numbers())
						require.NoError(t, echo(t.Context(), session, "still there"))
					})
				})
			}
		}
	}
}

// A server, or a proxy, that ends each stream at once is asked less and less often, and is not given up.
func TestMCP_AStreamThatEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e := newLab(t, options{}), new(events)
		session := watching(t, l, e, l.access(t).Transport())
		opened := func() int { return l.count(func(r seen) bool { return r.method == http.MethodGet }) }
		for end := time.Now().Add(30 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
			l.cut()
		}
		require.Less(t, opened(), 120)
		require.Greater(t, opened(), 30)
		l.send(t, 1)
		time.Sleep(time.Minute)
		require.Equal(t, upTo(2), e.numbers())
		time.Sleep(time.Minute)
		before := opened()
		require.Equal(t, 1, l.cut())
		time.Sleep(3 * time.Second)
		require.Equal(t, before+1, opened(), "one that lasted is opened again at once")
		require.NoError(t, echo(t.Context(), session, "still there"))
	})
}

// A gateway may respond with a page and status 200 in place of a stream.
func TestMCP_AStreamIsResumedAfterAPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, e := newLab(t, options{}), new(events)
		session := watching(t, l, e, l.access(t).Transport())
		l.setRefuse(only(http.MethodGet, http.StatusOK))
		require.Equal(t, 1, l.cut())
		l.send(t, 1)
		time.Sleep(time.Minute)
		l.setRefuse(nil)
		time.Sleep(time.Minute)
		require.Equal(t, upTo(2), e.numbers())
		require.NoError(t, echo(t.Context(), session, "still there"))
	})
}

// The response to a call is a stream as well, which the server can replay. The call is made once, and not lost.
func TestMCP_ACallWhoseResponseIsCutAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, options{})
		l.aborts, l.cutsCalls = true, true
		session := connect(t, l.access(t).Transport(), version2025, nil)
		synctest.Wait()
		done := make(chan error, 1)
		go func() {
			result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "slow", Arguments: map[string]any{"Seconds": 600}})
			if err == nil && result.Content[0].(*mcp.TextContent).Text != "done" {
				err = errors.New("another response")
			}
			done <- err
		}()
		for range 8 {
			time.Sleep(time.Minute)
			require.Equal(t, 2, l.cut())
		}
		l.auth.Revoke()
		time.Sleep(5 * time.Minute)
		require.NoError(t, <-done)
		require.EqualValues(t, 1, l.calls.Load())
	})
}
