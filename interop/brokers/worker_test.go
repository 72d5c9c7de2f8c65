package brokers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
)

// output is what a process writes.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// The worker of examples/amqp, as it is: it takes orders for longer than two tokens last, over one connection, and ends
// without an error on a signal.
func TestW2_TheExampleOutlivesItsTokens(t *testing.T) {
	authority, client, broker := startRabbitMQ(t)

	token, err := client.Token(t.Context())
	require.NoError(t, err)
	shop, err := amqp.DialConfig(broker.AMQPURL(), amqp.Config{SASL: []amqp.Authentication{&amqp.PlainAuth{Password: token.Value()}}})
	require.NoError(t, err)
	defer shop.Close()
	channel, err := shop.Channel()
	require.NoError(t, err)
	_, err = channel.QueueDeclare("orders", true, false, false, false, nil)
	require.NoError(t, err)

	dir := t.TempDir()
	program, secret := filepath.Join(dir, "worker"), filepath.Join(dir, "secret")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", filepath.Join("..", "..", "examples", "amqp"), "-o", program, ".")
	built, err := build.CombinedOutput()
	require.NoError(t, err, "%s", built)
	require.NoError(t, os.WriteFile(secret, []byte("a secret"), 0o600))
	var said output
	worker := exec.CommandContext(t.Context(), program)
	worker.Env = append(os.Environ(), "TOKEN_URL="+authority.Config().TokenURL, "CLIENT_ID=broker-client", "CLIENT_SECRET_FILE="+secret,
		"AMQP_URL="+broker.AMQPURL())
	worker.Stdout, worker.Stderr = &said, &said
	require.NoError(t, worker.Start())
	ended := make(chan error, 1)
	go func() { ended <- worker.Wait() }()
	t.Cleanup(func() {
		_ = worker.Process.Kill()
		if t.Failed() {
			t.Logf("the worker:\n%s\nRabbitMQ:\n%s", said.String(), broker.Log())
		}
	})

	// The orders come from a connection that is given each token too.
	sent := 0
	go func() {
		for token, err := range client.Watch(t.Context()) {
			if err == nil {
				_ = shop.UpdateSecret(token.Value(), "the token was refreshed")
			}
		}
	}()
	throughout(2*lifetime+2*time.Second, func() {
		if sent++; sent%5 != 1 { // twice a second
			return
		}
		order := fmt.Sprintf("order-%d", sent)
		require.NoError(t, channel.PublishWithContext(t.Context(), "", "orders", false, false, amqp.Publishing{Body: []byte(order)}))
		soon(t, 20*time.Second, order+" is handled", func() bool { return strings.Contains(said.String(), "body="+order+"\n") })
	})
	left, err := channel.QueueDeclarePassive("orders", true, false, false, false, nil)
	require.NoError(t, err)
	require.Zero(t, left.Messages, "all are acknowledged")
	require.NotContains(t, said.String(), "ERROR")
	require.GreaterOrEqual(t, authority.Requests(), 4, "both have been given other tokens")

	require.NoError(t, worker.Process.Signal(os.Interrupt))
	require.NoError(t, <-ended, said.String())
}
