package alf_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/benbjohnson/clock"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
	"github.com/alf-go/alf/sim"
)

// What README and the pages of docs/ show, so that it is compiled. A test of internal/repository compares them.
var _ = []any{firstLines, repeatAfter, stayConnected, events, migration, mockClock}

func firstLines(ctx context.Context) error {
	client, err := alf.New(alf.Config{
		TokenURL:     "https://auth.example.com/oauth2/token",
		ClientID:     "orders",
		ClientSecret: alf.SecretEnv("ORDERS_SECRET"), // or SecretFile, which is read at every fetch
		Scopes:       []string{"stock:read"},
	})
	if err != nil {
		return err // names every setting that makes no sense, and the remedy
	}
	defer client.Close()

	resp, err := client.GetContext(ctx, "https://stock.example.com/items/42")
	if err != nil {
		return err // errors.As finds an *alf.TokenError in it if no token was available
	}
	defer resp.Body.Close()
	return nil
}

func repeatAfter(err error) (wait time.Duration, repeat bool) {
	var noToken *alf.TokenError
	if errors.As(err, &noToken) {
		if noToken.Permanent {
			return 0, false // an operator has to repair something
		}
		return time.Until(noToken.NextAttempt), true // the API was never asked
	}
	return 0, false
}

func stayConnected(ctx context.Context, client *alf.Client, connection *connection) {
	for token, err := range client.Watch(ctx) {
		if err != nil {
			slog.Warn("no token for now", "error", err) // once in an outage; the token that ends it follows
			continue
		}
		_ = connection.UpdateSecret(token.Value(), "refreshed")
	}
}

type histogram interface {
	Observe(cause manager.Cause, class manager.Class, duration time.Duration)
}

func events(config *alf.Config, fetches histogram) {
	config.Logger = slog.Default() // new tokens and rejections at Info, failures at Warn, routine at Debug
	config.Hook = func(e alf.Event) {
		if e.Kind == manager.FetchEnded {
			fetches.Observe(e.Cause, e.Class, e.Duration) // your metrics
		}
	}
}

func migration(ctx context.Context, cfg clientcredentials.Config, client *alf.Client) []*http.Client {
	before := cfg.Client(ctx)    // golang.org/x/oauth2/clientcredentials
	after := client.HTTPClient() // alf
	return []*http.Client{before, after}
}

func mockClock() (*alf.Client, error) {
	clk := clock.NewMock()
	server := sim.New(sim.Options{Clock: clk, Lifetime: time.Hour})
	config := server.Config() // its Clock is clk
	config.Policy.Attempts = 1
	client, err := alf.New(config)
	return client, err
}
