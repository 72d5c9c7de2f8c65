package alf_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// hangingBody is a response body that stops in the middle, until the request's context ends.
type hangingBody struct {
	ctx  context.Context
	sent bool
}

func (b *hangingBody) Read(p []byte) (int, error) {
	if !b.sent {
		b.sent = true
		return copy(p, `{"access_token":"par`), nil
	}
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (*hangingBody) Close() error { return nil }

// until returns what a function that waits for the end of its context may return then.
var until = map[string]func(ctx context.Context) error{
	"ctx.Err":       func(ctx context.Context) error { return ctx.Err() },
	"context.Cause": context.Cause,
	"both, wrapped": func(ctx context.Context) error { return fmt.Errorf("late: %w, %w", ctx.Err(), context.Cause(ctx)) },
	"another error": func(context.Context) error { return io.ErrUnexpectedEOF },
}

// hangingParts are configurations of which a part hangs until its context ends.
func hangingParts() map[string]alf.Config {
	parts := map[string]alf.Config{}
	for name, returned := range until {
		hangs := func(ctx context.Context) error { <-ctx.Done(); return returned(ctx) }
		hangingTransport := alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) { return nil, hangs(req.Context()) })}
		parts["the token endpoint, "+name] = alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret), TokenRequest: hangingTransport,
		}
		parts["the metadata, "+name] = alf.Config{
			Issuer: "https://as.example.com", ClientID: testID, ClientSecret: alf.Secret(testSecret), TokenRequest: hangingTransport,
		}
		parts["the secret, "+name] = alf.Config{
			TokenURL: "https://as.example.com/token", ClientID: testID, TokenRequest: hangingTransport,
			ClientSecret: func(ctx context.Context) (string, error) { return "", hangs(ctx) },
		}
		parts["a fetcher, "+name] = alf.Config{Fetcher: alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) { return nil, hangs(ctx) })}
	}
	parts["a response body"] = alf.Config{
		TokenURL: "https://as.example.com/token", ClientID: testID, ClientSecret: alf.Secret(testSecret),
		TokenRequest: alf.TokenRequest{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			resp := respond(req, 200, "")
			resp.Header.Set("Content-Type", "application/json")
			resp.Body, resp.ContentLength = &hangingBody{ctx: req.Context()}, -1
			return resp, nil
		})},
	}
	parts["a fetcher that ignores its context"] = alf.Config{Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		time.Sleep(time.Minute)
		return nil, io.EOF
	})}
	return parts
}

// A caller asks whether its own context has ended by looking for these two in the error. It has none that ends.
func TestM11_ARoundThatTimedOutIsNoContextError(t *testing.T) {
	for name, cfg := range hangingParts() {
		for _, policy := range []alf.Policy{{}, {Attempts: 1}, {AttemptTimeout: time.Hour}} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := cfg
					cfg.Policy, cfg.HTTPClient = policy, &http.Client{Transport: script(200)}
					client := newClient(t, cfg)
					_, byToken := client.Token(context.Background())
					time.Sleep(time.Minute)
					_, byRequest := client.Get(apiURL)
					time.Sleep(time.Minute)
					_, bySource := client.TokenSource().Token()
					time.Sleep(time.Minute)
					_, byRefresh := client.Refresh(context.Background())
					time.Sleep(time.Minute)
					for _, err := range []error{byToken, byRequest, bySource, byRefresh} {
						require.Error(t, err)
						require.NotErrorIs(t, err, context.Canceled)
						require.NotErrorIs(t, err, context.DeadlineExceeded)
						var failed *alf.TokenError
						require.ErrorAs(t, err, &failed)
						require.False(t, failed.Permanent)
						if policy.AttemptTimeout == time.Hour {
							var timed net.Error
							require.ErrorAs(t, err, &timed)
							require.True(t, timed.Timeout(), "%v", err)
						}
					}
				})
			})
		}
	}
}

// The same behind an endpoint that several clients share, and in a pool.
func TestM11_ARoundThatTimedOutAtASharedEndpointIsNoContextError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shared, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{
			TokenURL: "https://as.example.com/token", TokenRequest: alf.TokenRequest{Transport: roundTripper(hanging)},
		})
		require.NoError(t, err)
		pool, err := alf.NewPool(alf.PoolConfig{Config: alf.Config{Endpoint: shared, ClientID: testID, ClientSecret: alf.Secret(testSecret)}})
		require.NoError(t, err)
		defer func() { require.NoError(t, pool.Close()) }()
		client := newClient(t, alf.Config{Endpoint: shared, ClientID: "another", ClientSecret: alf.Secret(testSecret)})
		for range 10 { // the endpoint is suspect by then
			for _, c := range []tokenClient{client, pool.Client(alf.Target{}), pool.Client(alf.Target{Scopes: []string{"a"}})} {
				_, err := c.Token(context.Background())
				require.Error(t, err)
				require.NotErrorIs(t, err, context.Canceled)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
			}
			time.Sleep(7 * time.Second)
		}
	})
}
