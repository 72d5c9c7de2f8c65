package interop

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/oidcprovider"
	"github.com/alf-go/alf/interop/rabbitmq"
	"github.com/alf-go/alf/manager"
)

func startRabbitMQ(t *testing.T, provider *oidcprovider.Server) api {
	s, err := rabbitmq.Start(t.Context(), t.TempDir(), provider.KeysURL(), provider.Scope())
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return api{func(kind string) string { return s.URL(rabbitmq.Kind(kind)) }, s.Log}
}

// forRabbitMQ has tokens made for RabbitMQ as a whole, and not for one path.
func (r *row) forRabbitMQ() alf.Config {
	cfg := r.Config()
	base, _, _ := strings.Cut(r.API, "/api/")
	cfg.Resource = []string{base + "/"}
	return cfg
}

// late makes the first token come when it has expired, as from a server whose clock is slow, and seem to last.
type late struct {
	manager.Fetcher
	fetches atomic.Int64
}

// Fetch waits for the end of the first token.
func (l *late) Fetch(ctx context.Context) (*oauth2.Token, error) {
	token, err := l.Fetcher.Fetch(ctx)
	if err != nil || l.fetches.Add(1) > 1 {
		return token, err
	}
	expired := token.Expiry.Add(1100 * time.Millisecond) // RabbitMQ counts in whole seconds
	select {
	case <-time.After(time.Until(expired)):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	seeming := *token
	seeming.Expiry = time.Now().Add(time.Minute)
	return &seeming, nil
}

// tryExpiredToken: a token that has expired at the API is replaced, by one fetch, although the challenge asks for a
// password. Revoked tokens cannot be tried: RabbitMQ keeps the key that it has once used.
func tryExpiredToken(t *testing.T, r *row) {
	r.shorten(t)
	cfg := r.forRabbitMQ()
	cfg.WrapFetcher = func(f alf.Fetcher) alf.Fetcher { return &late{Fetcher: f} }
	c := r.newClient(t, cfg)
	require.NoError(t, c.ask(t.Context()))
	stats := c.Stats()
	require.EqualValues(t, 1, stats.Unauthorized)
	require.EqualValues(t, 1, stats.RetrySucceeded)
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
}

// tryMissingPermission: a path that responds with 401 because a permission is missing does not cost the token endpoint
// more than the allowance of rule M13, and the other paths never fail meanwhile.
func tryMissingPermission(t *testing.T, r *row) {
	c := r.newClient(t, r.forRabbitMQ())
	allowed := strings.TrimSuffix(r.API, string(rabbitmq.Users)) + string(rabbitmq.Whoami)
	for range 30 {
		require.NoError(t, c.askAt(t.Context(), allowed))
		require.ErrorContains(t, c.ask(t.Context()), "401")
	}
	stats := c.Stats()
	require.Zero(t, stats.RetrySucceeded)
	require.LessOrEqual(t, stats.FetchesBy[manager.CauseRejected], uint64(8))
}
