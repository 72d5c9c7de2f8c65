package mcp_test

import (
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/alfmcp"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/mcp"
)

// A connection breaks, and only the client notices. The servers refuse a second stream with 409, which would end the
// session; once they have noticed, the stream is opened again, and resumed if there was an event to resume after.
func TestMCP_AStreamThatTheServerBelievesToBeOpen(t *testing.T) {
	lab.Require(t, "mcp", mcp.Missing())
	auth := newAuthority(t)
	for _, s := range []mcp.SDK{mcp.V1, mcp.V2} {
		for name, options := range map[string]mcp.Options{"replaced": {}, "refused": {Strict: true}} {
			t.Run(s.Package+", "+name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, s, version2025, auth, options)
				t.Run("no event yet", func(t *testing.T) { b.tryUnnoticed(t, 0) })
				t.Run("an event", func(t *testing.T) { b.tryUnnoticed(t, 1) })
			})
		}
	}
}

// tryUnnoticed has a number of events sent before the connection breaks.
func (b *bench) tryUnnoticed(t *testing.T, first int) {
	network, entrance := newTunnel(t, b.Endpoint())
	cfg := b.config(t, secretClient)
	cfg.Resource = []string{b.Endpoint()}
	access, err := alfmcp.New(t.Context(), entrance, cfg)
	require.NoError(t, err)
	t.Cleanup(access.Close)
	e := new(events)
	opened, resumed := b.Count("stream 200"), b.Count("stream 200 resumed")
	session := b.connect(t, access, e.options())
	require.NoError(t, session.Subscribe(t.Context(), &sdk.SubscribeParams{URI: watched}))
	await(t, "the stream", func() bool { return b.Count("stream 200") == opened+1 })
	sent := 0
	send := func() {
		require.NoError(t, b.Send(t.Context(), sent))
		sent++
	}
	for range first {
		send()
	}
	await(t, "the first event", func() bool { return len(e.numbers()) == sent })
	network.breaks()
	send()
	pass(t, 3*time.Second) // in which the client tries again and again
	require.NoError(t, echo(t.Context(), session, "meanwhile"))
	network.serverNotices()
	want := []int{1} // what was sent before was sent into the broken stream
	if first == 0 {
		await(t, "the stream again", func() bool { return b.Count("stream 200") == opened+2 })
	} else {
		await(t, "the stream again", func() bool { return b.Count("stream 200 resumed") == resumed+1 })
		want = upTo(3)
	}
	send()
	await(t, "all events", func() bool { return len(e.numbers()) >= len(want) })
	require.Equal(t, want, e.numbers())
	require.NoError(t, echo(t.Context(), session, "still there"))
	require.NoError(t, session.Close())
}
