package alfprom_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfprom"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("very-secret text of the server")

// fetcher returns tokens, or an error while it is down.
type fetcher struct {
	n    atomic.Int64
	down atomic.Bool
}

func (f *fetcher) Fetch(context.Context) (*oauth2.Token, error) {
	if f.down.Load() {
		return nil, errDown
	}
	return &oauth2.Token{AccessToken: fmt.Sprintf("very-secret-%d", f.n.Add(1)), TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
}

func newClient(t testing.TB, f *fetcher) *alf.Client {
	c, err := alf.New(alf.Config{Fetcher: f})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func newPool(t testing.TB, f *fetcher) *alf.Pool {
	p, err := alf.NewPool(alf.PoolConfig{
		Config: alf.Config{WrapFetcher: func(alf.Fetcher) alf.Fetcher { return f }},
		Tenant: func(_ context.Context, name string) (alf.Config, error) {
			return alf.Config{TokenURL: "https://auth.example.com/token", ClientID: name, ClientSecret: alf.Secret("very-secret")}, nil
		},
		MaxTokens: 20_000,
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// registered is a registry that checks all that is collected.
func registered(t testing.TB, c *alfprom.Collector) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	require.NoError(t, r.Register(c))
	return r
}
