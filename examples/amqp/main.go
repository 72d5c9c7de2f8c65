// Command amqp is a worker that takes orders from a queue of RabbitMQ, over a connection that outlives its tokens. If
// the connection ends, so does the program, and its supervisor starts it again.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/alf-go/alf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := alf.New(alf.Config{TokenURL: os.Getenv("TOKEN_URL"), ClientID: os.Getenv("CLIENT_ID"), ClientSecret: alf.SecretFile(os.Getenv("CLIENT_SECRET_FILE"))})
	check(err)
	var conn *amqp.Connection
	var working sync.WaitGroup
	for token, err := range client.Watch(ctx) { // the first token, and each successor before the last one ends
		switch {
		case err != nil: // an outage; the token that ends it follows
			slog.Warn("there is no token for now", "error", err)
		case conn == nil: // RabbitMQ takes the name of the user from the token
			conn, err = amqp.DialConfig(os.Getenv("AMQP_URL"), amqp.Config{SASL: []amqp.Authentication{&amqp.PlainAuth{Password: token.Value()}}})
			check(err)
			working.Go(func() { work(ctx, conn); stop() })
		default:
			check(conn.UpdateSecret(token.Value(), "the token was refreshed"))
		}
	}
	working.Wait() // for the orders that were delivered before the signal
	if conn != nil {
		check(conn.Close()) // an error if the connection has ended by itself
	}
}

func work(ctx context.Context, conn *amqp.Connection) {
	channel, err := conn.Channel()
	check(err)
	check(channel.Qos(10, 0, false))
	orders, err := channel.ConsumeWithContext(ctx, "orders", "", false, false, false, false, nil)
	check(err)
	for order := range orders {
		slog.Info("an order", "body", string(order.Body)) // your work
		check(order.Ack(false))
	}
}

func check(err error) {
	if err != nil {
		slog.Error("amqp", "error", err)
		os.Exit(1)
	}
}
