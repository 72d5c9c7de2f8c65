package mcp_test

import (
	"context"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// events are the numbers of those that a session has received.
type events struct {
	mu  sync.Mutex
	got []int
}

func (e *events) options() *sdk.ClientOptions {
	return &sdk.ClientOptions{ResourceUpdatedHandler: func(_ context.Context, req *sdk.ResourceUpdatedNotificationRequest) {
		e.mu.Lock()
		defer e.mu.Unlock()
		n, _ := req.Params.Meta["n"].(float64)
		e.got = append(e.got, int(n))
	}}
}

func (e *events) numbers() []int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.got)
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func (b *bench) tryStream(t *testing.T) {
	if b.version == version2026 {
		b.tryListenStream(t)
		return
	}
	t.Run("ends", func(t *testing.T) { b.tryResumedStream(t, b.End) })
	t.Run("breaks", func(t *testing.T) { b.tryResumedStream(t, b.Break) })
}

// A stream that is cut while its token is revoked is resumed with the successor, and the server replays what was sent
// meanwhile.
func (b *bench) tryResumedStream(t *testing.T, cut func(context.Context) error) {
	e := new(events)
	before := b.auth.TokenRequests()
	opened := b.Count("stream 200")
	session := b.connect(t, b.access(t, secretClient), e.options())
	require.NoError(t, session.Subscribe(t.Context(), &sdk.SubscribeParams{URI: watched}))
	await(t, "the stream", func() bool { return b.Count("stream 200") == opened+1 })
	require.NoError(t, b.Send(t.Context(), 0)) // the server can replay what comes after an event
	await(t, "the first event", func() bool { return len(e.numbers()) == 1 })
	sent := 1
	send := func() {
		require.NoError(t, b.Send(t.Context(), sent))
		sent++
	}
	for range 2 {
		resumed, refused := b.Count("stream 200 resumed"), b.Count("stream 401 resumed")
		require.NoError(t, b.auth.Revoke(t.Context()))
		require.NoError(t, cut(t.Context()))
		for range 10 {
			send()
			pass(t, 20*time.Millisecond) // so that some arrive while there is no stream
		}
		await(t, "that it is resumed", func() bool { return b.Count("stream 200 resumed") == resumed+1 })
		require.Equal(t, refused+1, b.Count("stream 401 resumed"))
		send()
		await(t, "all events", func() bool { return len(e.numbers()) >= sent })
	}
	// The second stream has no event, and the one after it goes on where the first has ended.
	for range 2 {
		resumed := b.Count("stream 200 resumed")
		require.NoError(t, cut(t.Context()))
		await(t, "that it is resumed", func() bool { return b.Count("stream 200 resumed") == resumed+1 })
	}
	require.NoError(t, cut(t.Context()))
	send()
	await(t, "all events", func() bool { return len(e.numbers()) >= sent })
	require.Equal(t, upTo(sent), e.numbers(), "all of them, in order, once")
	require.NoError(t, echo(t.Context(), session, "still there"))
	require.Equal(t, before+3, b.auth.TokenRequests(), "one for each revocation")
	require.NoError(t, session.Close())
}

// Version 2026-07-28 has no stream that a server can replay. Its end is noticed, and the program subscribes again.
func (b *bench) tryListenStream(t *testing.T) {
	e := new(events)
	access := b.access(t, secretClient)
	ended := make(chan error, 10)
	access.StreamEnded(func(err error) { ended <- err })
	session := b.connect(t, access, e.options())
	for n := range 3 {
		opened := b.Count("stream 200")
		require.NoError(t, session.Subscribe(t.Context(), &sdk.SubscribeParams{URI: watched}))
		await(t, "the stream", func() bool { return b.Count("stream 200") == opened+1 })
		require.NoError(t, b.Send(t.Context(), n))
		await(t, "an event", func() bool { return len(e.numbers()) == n+1 })
		require.NoError(t, b.auth.Revoke(t.Context())) // an open stream outlives its token
		require.NoError(t, b.Break(t.Context()))
		select {
		case err := <-ended:
			require.NotErrorIs(t, err, io.EOF)
		case <-time.After(patience):
			require.Fail(t, "the end of the stream is not noticed")
		}
		require.NoError(t, session.Unsubscribe(t.Context(), &sdk.UnsubscribeParams{URI: watched}))
		require.NoError(t, echo(t.Context(), session, "still there"))
	}
	require.Equal(t, upTo(3), e.numbers())
	require.Empty(t, ended)
}
