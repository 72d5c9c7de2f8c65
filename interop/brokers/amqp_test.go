package brokers

import (
	"context"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/rabbitmq"
)

// sessions are the connections that there have been.
type sessions struct {
	mu   sync.Mutex
	all  []*amqp.Connection
	ends int
}

func (s *sessions) use(ctx context.Context, c *amqp.Connection) {
	closed := c.NotifyClose(make(chan *amqp.Error, 1))
	s.mu.Lock()
	s.all = append(s.all, c)
	s.mu.Unlock()
	<-closed
	s.mu.Lock()
	s.ends++
	s.mu.Unlock()
}

func (s *sessions) count() (begun, ended int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all), s.ends
}

// drop ends the connection.
func (s *sessions) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all[len(s.all)-1].Close()
}

// publish declares a queue of the connection's own and has a message go through it.
func (s *sessions) publish() error {
	s.mu.Lock()
	conn := s.all[len(s.all)-1]
	s.mu.Unlock()
	channel, err := conn.Channel()
	if err != nil {
		return err
	}
	defer channel.Close()
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return err
	}
	return channel.PublishWithContext(context.Background(), "", queue.Name, false, false, amqp.Publishing{Body: []byte("tea")})
}

// startRabbitMQ starts RabbitMQ with what start starts, whose tokens it takes. Tests with it run in parallel.
func startRabbitMQ(t *testing.T) (*Authority, *alf.Client, *rabbitmq.Server) {
	lab.Require(t, "RabbitMQ", rabbitmq.Missing())
	t.Parallel()
	authority, client := start(t)
	broker, err := rabbitmq.Start(t.Context(), t.TempDir(), authority.KeysURL(), authority.Scope())
	require.NoError(t, err)
	t.Cleanup(broker.Close)
	authority.For(broker.Resource())
	return authority, client, broker
}

// A connection outlives its tokens, also one that is replaced because it was revoked. In an outage that outlasts its
// token it can do nothing more; RabbitMQ 3.10 keeps it open after its secret was updated once, and later ones may end
// it. Either way, it works again with the token that ends the outage. A connection that is lost comes back by itself.
func TestW2_ARabbitMQConnectionOutlivesItsTokens(t *testing.T) {
	authority, client, broker := startRabbitMQ(t)

	ctx, cancel := context.WithCancel(t.Context())
	var s sessions
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		KeepAMQP(ctx, client, broker.AMQPURL(), s.use)
	}()
	defer func() { cancel(); <-ended }()

	soon(t, 10*time.Second, "a connection", func() bool { begun, _ := s.count(); return begun == 1 })
	works(t, lifetime+2*time.Second, s.publish)

	revoked, err := client.Token(ctx)
	require.NoError(t, err)
	_, err = client.Replace(ctx, revoked, "rabbitmq")
	require.NoError(t, err)
	works(t, time.Second, s.publish)
	begun, over := s.count()
	require.Equal(t, []int{1, 0}, []int{begun, over}, "one connection: %s", broker.Log())

	authority.SetDown(true)
	before := authority.Requests()
	soon(t, lifetime+3*time.Second, "a refusal", func() bool { return s.publish() != nil })
	t.Logf("without a token: %v", s.publish())
	throughout(time.Second, func() { require.Error(t, s.publish()) })
	require.LessOrEqual(t, authority.Requests()-before, 12, "attempts keep to the backoffs")

	authority.SetDown(false)
	soon(t, 10*time.Second, "a connection that works", func() bool { return s.publish() == nil })
	works(t, lifetime+time.Second, s.publish)

	begun, _ = s.count()
	s.drop()
	soon(t, 5*time.Second, "another connection", func() bool { now, _ := s.count(); return now == begun+1 })
	works(t, time.Second, s.publish)
}
