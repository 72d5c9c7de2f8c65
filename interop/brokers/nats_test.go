package brokers

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/lab"
)

// gate lets clients of a NATS server in while their token is valid, and ends their connection when it expires.
type gate struct {
	authority *Authority
	server    *server.Server
	refused   atomic.Int64

	mu     sync.Mutex
	timers []*time.Timer
}

// Check is called when a client connects.
func (g *gate) Check(c server.ClientAuthentication) bool {
	issued, ok := g.authority.Verify(c.GetOpts().Token)
	if !ok {
		g.refused.Add(1)
		return false
	}
	address := c.RemoteAddress().String()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.timers = append(g.timers, time.AfterFunc(time.Until(issued.Expiry), func() { g.disconnect(address) }))
	return true
}

func (g *gate) disconnect(address string) {
	connections, err := g.server.Connz(nil)
	if err != nil {
		return
	}
	for _, c := range connections.Conns {
		if (&net.TCPAddr{IP: net.ParseIP(c.IP), Port: c.Port}).String() == address {
			_ = g.server.DisconnectClientByID(c.Cid)
		}
	}
}

func (g *gate) stop() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, timer := range g.timers {
		timer.Stop()
	}
}

func startNATS(t *testing.T, authority *Authority) *gate {
	g := &gate{authority: authority}
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, CustomClientAuthentication: g,
	})
	require.NoError(t, err)
	g.server = s
	s.Start()
	t.Cleanup(func() {
		g.stop()
		s.Shutdown()
		s.WaitForShutdown()
	})
	require.True(t, s.ReadyForConnections(5*time.Second))
	return g
}

// A connection ends when its token expires, because the server ends it, and comes back at once with the newest token:
// what is published meanwhile is not lost. In an outage that outlasts the token it is refused, and comes back
// afterwards.
func TestW2_ANATSConnectionComesBackWithTheNewestToken(t *testing.T) {
	lab.Require(t, "NATS", "")
	t.Parallel()
	authority, client := start(t)
	broker := startNATS(t, authority)
	conn, err := ConnectNATS(t.Context(), client, broker.server.ClientURL())
	require.NoError(t, err)
	var received atomic.Int64
	_, err = conn.Subscribe("tea", func(*nats.Msg) { received.Add(1) })
	require.NoError(t, err)
	sent := int64(0)
	publish := func() error {
		sent++
		return conn.Publish("tea", []byte("a cup"))
	}

	works(t, 2*lifetime+time.Second, publish)
	require.GreaterOrEqual(t, conn.Stats().Reconnects, uint64(1))
	require.Zero(t, broker.refused.Load(), "the newest token is always a valid one")

	authority.SetDown(true)
	soon(t, lifetime+5*time.Second, "a refusal", func() bool { return broker.refused.Load() > 1 }) // two in a row
	require.False(t, conn.IsClosed(), "the connection is not given up")
	authority.SetDown(false)
	soon(t, 15*time.Second, "the connection", func() bool { return conn.IsConnected() && conn.FlushTimeout(time.Second) == nil })
	refused := broker.refused.Load()
	works(t, time.Second, publish)
	require.NoError(t, conn.FlushTimeout(5*time.Second))
	require.Equal(t, refused, broker.refused.Load())
	require.GreaterOrEqual(t, received.Load(), sent*9/10)
	conn.Close()
}
