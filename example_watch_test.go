package alf_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// connection is what these examples connect to. Like the real ones, it gets a token when it is made, and some can be
// given another one later.
type connection struct{ of string }

func dial(of, token string) *connection {
	fmt.Println(of+": connected, with a token:", token != "")
	return &connection{of}
}

func (c *connection) UpdateSecret(secret, reason string) error {
	fmt.Println(c.of+": another token:", secret != "", "because", reason)
	return nil
}

// anHourLater stands for the time after which a token is refreshed.
func anHourLater(client *alf.Client) {
	if _, err := client.Refresh(context.Background()); err != nil {
		log.Print(err)
	}
}

// RabbitMQ ends a connection with its token, unless it is given the next one. UpdateSecret is a method of
// *amqp.Connection in github.com/rabbitmq/amqp091-go. The loop also waits for the first token, in an outage as well.
func ExampleClient_Watch_amqp() {
	client, _ := alf.New(sim.New(sim.Options{}).Config())
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background()) // cancel it when the connection is closed
	defer cancel()

	var conn *connection
	for token, err := range client.Watch(ctx) {
		switch {
		case err != nil:
			log.Print(err) // the connection may end with its token; the loop goes on
		case conn == nil:
			conn = dial("AMQP", token.Value()) // amqp.PlainAuth{Password: token.Value()}
			go anHourLater(client)
		default:
			_ = conn.UpdateSecret(token.Value(), "the token was refreshed")
			cancel() // of this example
		}
	}
	// Output:
	// AMQP: connected, with a token: true
	// AMQP: another token: true because the token was refreshed
}

// credentialsListener and the rest have the signatures of github.com/redis/go-redis/v9/auth.
type credentialsListener interface {
	OnNext(credentials basicCredentials)
	OnError(err error)
}

type basicCredentials struct{ username, password string }

// redisCredentials is a StreamingCredentialsProvider for go-redis: it authenticates the connections of a pool again
// whenever there is another token.
type redisCredentials struct {
	client *alf.Client
	user   string
}

// Subscribe is called once for each connection.
func (r redisCredentials) Subscribe(listener credentialsListener) (basicCredentials, func() error, error) {
	ctx, cancel := context.WithCancel(context.Background())
	first, err := r.client.Token(ctx)
	if err != nil {
		cancel()
		return basicCredentials{}, nil, err
	}
	go func() {
		for token, err := range r.client.Watch(ctx) {
			// OnError would close the connection, which lives on until the server ends it.
			if err == nil && !token.Same(first) {
				listener.OnNext(basicCredentials{r.user, token.Value()})
			}
		}
	}()
	return basicCredentials{r.user, first.Value()}, func() error { cancel(); return nil }, nil
}

type redisConnection chan basicCredentials

func (c redisConnection) OnNext(credentials basicCredentials) { c <- credentials }
func (redisConnection) OnError(error)                         {}

func ExampleClient_Watch_redis() {
	client, _ := alf.New(sim.New(sim.Options{}).Config())
	defer client.Close()

	conn := make(redisConnection)
	first, unsubscribe, err := redisCredentials{client, "orders"}.Subscribe(conn)
	if err != nil {
		log.Fatal(err)
	}
	defer unsubscribe()
	go anHourLater(client)
	next := <-conn
	fmt.Println(next.username, "authenticates again:", next.password != first.password)
	// Output:
	// orders authenticates again: true
}

// A NATS client asks for the token when it connects and whenever it connects again, under a lock of the connection. So
// nats.TokenHandler is given a function that returns the newest token at once. Set nats.IgnoreAuthErrorAbort as well:
// without it, two refusals in a row end the connection for good.
func ExampleClient_Watch_nats() {
	client, _ := alf.New(sim.New(sim.Options{}).Config())
	defer client.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	var newest atomic.Pointer[alf.Token]
	tokenHandler := func() string { return newest.Load().Value() } // "" if there is none yet
	ready := make(chan struct{})
	go func() {
		for token, err := range client.Watch(ctx) {
			if err == nil && newest.Swap(token) == nil {
				close(ready)
			}
		}
	}()
	<-ready
	dial("NATS", tokenHandler())
	// Output:
	// NATS: connected, with a token: true
}

// A database looks at the token when a connection is made. What pgxpool.Config.BeforeConnect sets as the password
// should be valid for as long as logging in may take, and for the connection's life if the server ends it with the
// token.
func ExampleClient_TokenValidFor_pgx() {
	client, _ := alf.New(sim.New(sim.Options{Lifetime: time.Hour}).Config())
	defer client.Close()

	type connConfig struct{ Password string } // pgx.ConnConfig
	beforeConnect := func(ctx context.Context, config *connConfig) error {
		token, err := client.TokenValidFor(ctx, 45*time.Minute) // MaxConnLifetime
		config.Password = token.Value()
		return err
	}
	var config connConfig
	err := beforeConnect(context.Background(), &config)
	fmt.Println(config.Password != "", err)
	// Output:
	// true <nil>
}

// Kafka authenticates with OAUTHBEARER (RFC 7628) when it connects, and again before the session ends if the broker
// limits it (KIP-368). The function is that of franz-go's oauth.Oauth, and of sarama's AccessTokenProvider in effect.
func ExampleClient_TokenValidFor_kafka() {
	client, _ := alf.New(sim.New(sim.Options{Lifetime: time.Hour}).Config())
	defer client.Close()

	type auth struct{ Token string } // oauth.Auth
	oauth := func(ctx context.Context) (auth, error) {
		token, err := client.TokenValidFor(ctx, time.Minute)
		if errors.Is(err, alf.ErrClosed) {
			return auth{}, err // for good
		}
		return auth{Token: token.Value()}, err
	}
	got, err := oauth(context.Background())
	fmt.Println(got.Token != "", err)
	// Output:
	// true <nil>
}

// Tokens, and an error in an outage that outlasts them.
func ExampleClient_Watch() {
	server := sim.New(sim.Options{})
	client, _ := alf.New(server.Config())
	ctx := context.Background()

	n := 0
	for token, err := range client.Watch(ctx) {
		if err != nil {
			fmt.Println("no token for now:", err)
			continue
		}
		n++
		fmt.Println("token", n, "is valid for another hour:", time.Until(token.Expiry()) > 59*time.Minute)
		if n == 2 {
			client.Close()
		} else {
			go anHourLater(client)
		}
	}
	fmt.Println("the client was closed:", ctx.Err() == nil)
	// Output:
	// token 1 is valid for another hour: true
	// token 2 is valid for another hour: true
	// the client was closed: true
}
