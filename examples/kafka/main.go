// Command kafka consumes orders from a topic of Kafka, with SASL OAUTHBEARER (KIP-255) and re-authentication (KIP-368).
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/oauth"

	"github.com/alf-go/alf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := alf.New(alf.Config{TokenURL: os.Getenv("TOKEN_URL"), ClientID: os.Getenv("CLIENT_ID"), ClientSecret: alf.SecretFile(os.Getenv("CLIENT_SECRET_FILE"))})
	check(err)
	consumer, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BROKERS"), ",")...),
		kgo.DialTLS(), // a token never goes over a connection without it
		// Called for each login. An error fails the connection: in an outage, it waits for the token that ends it.
		kgo.SASL(oauth.Oauth(func(ctx context.Context) (auth oauth.Auth, err error) {
			for token, err := range client.Watch(ctx) {
				if err == nil {
					return oauth.Auth{Token: token.Value()}, nil
				}
				slog.Warn("there is no token for now", "error", err)
			}
			return auth, errors.Join(context.Cause(ctx), alf.ErrClosed)
		})),
		kgo.ConsumerGroup("orders"),
		kgo.ConsumeTopics("orders"),
		kgo.AutoCommitMarks(), // what was handled, and nothing else
	)
	check(err)
	defer consumer.Close()
	for ctx.Err() == nil {
		fetches := consumer.PollFetches(ctx)
		fetches.EachError(func(topic string, _ int32, err error) { slog.Warn("kafka", "topic", topic, "error", err) })
		fetches.EachRecord(func(order *kgo.Record) {
			slog.Info("an order", "body", string(order.Value)) // your work
			consumer.MarkCommitRecords(order)
		})
	}
	check(consumer.CommitMarkedOffsets(context.Background()))
}

func check(err error) {
	if err != nil {
		slog.Error("kafka", "error", err)
		os.Exit(1)
	}
}
