package main

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/oauth"

	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// producer is the token of the test itself, for what it produces.
const producer = "the producer's"

// broker is a fake Kafka that has learnt OAUTHBEARER.
type broker struct {
	*kfake.Cluster
	trust  []string
	logins chan string // tokens of the program
}

// startBroker starts a broker that closes no connection, but says that a login is good for so long.
func startBroker(t *testing.T, session time.Duration, accepts func(token string) bool) *broker {
	certificate, key, trust := program.TLS(t)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	require.NoError(t, err)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	b := &broker{cluster, trust, make(chan string, 1000)}
	cluster.ControlKey(int16(kmsg.SASLHandshake), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLHandshakeResponse)
		if request.(*kmsg.SASLHandshakeRequest).Mechanism != "OAUTHBEARER" {
			response.ErrorCode = kerr.UnsupportedSaslMechanism.Code
		}
		return response, nil, true
	})
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		said := string(request.(*kmsg.SASLAuthenticateRequest).SASLAuthBytes) // RFC 7628 section 3.1
		token := strings.TrimSuffix(strings.TrimPrefix(said, "n,,\x01auth=Bearer "), "\x01\x01")
		if token == producer {
			return response, nil, true
		}
		select {
		case b.logins <- token:
		default: // enough of them are noted: a blocked broker would block everything
		}
		if !accepts(token) {
			response.ErrorCode = kerr.SaslAuthenticationFailed.Code
		}
		response.SessionLifetimeMillis = session.Milliseconds()
		return response, nil, true
	})
	return b
}

// produce puts an order into the topic.
func (b *broker) produce(t *testing.T, order string) {
	client, err := kgo.NewClient(kgo.SeedBrokers(b.ListenAddrs()...), kgo.DialTLSConfig(&tls.Config{InsecureSkipVerify: true}),
		kgo.SASL(oauth.Auth{Token: producer}.AsMechanism()))
	require.NoError(t, err)
	defer client.Close()
	require.NoError(t, client.ProduceSync(context.Background(), &kgo.Record{Topic: "orders", Value: []byte(order)}).FirstErr())
}

func (b *broker) env() []string {
	return append([]string{"KAFKA_BROKERS=" + strings.Join(b.ListenAddrs(), ",")}, b.trust...)
}

// The broker wants a login before each request: franz-go takes a second off the time that a login is good for. One
// after a refresh carries the new token.
func TestConsumer_LogsInAgainWithItsNextToken(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{Lifetime: 2 * time.Second})
	broker := startBroker(t, time.Second, func(string) bool { return true })
	consumer := program.Start(t, append(env, broker.env()...))
	seen := map[string]bool{}
	for len(seen) < 2 {
		broker.produce(t, "tea")
		seen[program.Next(consumer, broker.logins)] = true
	}
	consumer.Await(`an order body=tea`)
	require.GreaterOrEqual(t, kit.Stats().Tokens, 2)
	require.Zero(t, consumer.Interrupt())
}

// While there is no token, the consumer waits. After that it consumes, and what it has handled is committed.
func TestConsumer_WaitsForAToken(t *testing.T) {
	kit, env := program.Kit(t, sim.Options{})
	kit.GoDown(0)
	broker := startBroker(t, 0, func(token string) bool { return program.Accepts(kit, token) })
	broker.produce(t, "tea")
	env = append(env, broker.env()...)
	consumer := program.Start(t, env)
	consumer.Await("there is no token for now")
	kit.Up()
	consumer.Await(`an order body=tea`)
	require.Zero(t, consumer.Interrupt())

	consumer = program.Start(t, env)
	broker.produce(t, "cake")
	consumer.Await(`an order body=cake`)
	require.NotContains(t, consumer.Output(), "tea", "committed by the first one")
	require.Zero(t, consumer.Interrupt())
}
