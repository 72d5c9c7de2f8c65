package brokers

import (
	"context"
	"log"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/alf-go/alf"
)

// KeepAMQP keeps a connection to a broker of AMQP 0-9-1 until ctx ends. use is called with each connection, on a
// goroutine of its own, and its context ends with the connection.
//
// RabbitMQ closes a connection whose token expires, or refuses what it is used for. Every new token is passed on, so
// the connection outlives them.
func KeepAMQP(ctx context.Context, client *alf.Client, address string, use func(ctx context.Context, c *amqp.Connection)) {
	for ctx.Err() == nil {
		if err := amqpSession(ctx, client, address, use); err != nil {
			log.Printf("AMQP: %v", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

// amqpSession is the life of one connection. While no token is available, it waits for one.
func amqpSession(ctx context.Context, client *alf.Client, address string, use func(context.Context, *amqp.Connection)) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	var conn *amqp.Connection
	for token, err := range client.Watch(ctx) {
		switch {
		case err != nil:
			log.Printf("AMQP: the connection may end with its token: %v", err)
		case conn == nil:
			// RabbitMQ takes the name of the user from the token.
			conn, err = amqp.DialConfig(address, amqp.Config{SASL: []amqp.Authentication{&amqp.PlainAuth{Password: token.Value()}}})
			if err != nil {
				return err
			}
			defer conn.Close()
			closed := conn.NotifyClose(make(chan *amqp.Error, 1))
			go func() {
				for range closed { // one error, or none
				}
				end()
			}()
			go use(ctx, conn)
		default:
			if err := conn.UpdateSecret(token.Value(), "the token was refreshed"); err != nil {
				return err
			}
		}
	}
	return nil
}
