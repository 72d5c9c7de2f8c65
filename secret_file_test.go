package alf_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// tokenClient is what the client of a pool and one of its own have in common.
type tokenClient interface {
	Token(ctx context.Context) (*alf.Token, error)
}

// inClientAndPool runs a test with a client, and with one of a pool, in a bubble each. The secret is in a file.
func inClientAndPool(t *testing.T, secret string, change func(*alf.Config), test func(t *testing.T, kit *sim.Server, path string, c tokenClient)) {
	for _, pooled := range []bool{false, true} {
		t.Run(map[bool]string{false: "client", true: "pool"}[pooled], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "secret")
				require.NoError(t, os.WriteFile(path, []byte(secret), 0o600))
				kit := sim.New(sim.Options{ClientID: "c", ClientSecret: "the-right-one"})
				cfg := kit.Config()
				cfg.ClientSecret = alf.SecretFile(path)
				if change != nil {
					change(&cfg)
				}
				if !pooled {
					test(t, kit, path, newClient(t, cfg))
					return
				}
				pool, err := alf.NewPool(alf.PoolConfig{Config: cfg})
				require.NoError(t, err)
				defer func() { require.NoError(t, pool.Close()) }()
				test(t, kit, path, pool.Client(alf.Target{}))
			})
		})
	}
}

func TestF4_ACorrectedSecretIsNoticedWithinTwoSeconds(t *testing.T) {
	for name, change := range map[string]func(*alf.Config){
		"as it is": nil,
		"behind a wrapper that adds to the error": func(cfg *alf.Config) {
			cfg.WrapFetcher = func(built alf.Fetcher) alf.Fetcher {
				return alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
					token, err := built.Fetch(ctx)
					if err != nil {
						err = fmt.Errorf("of the payments team: %w", err)
					}
					return token, err
				})
			}
		},
		"after a long backoff": func(cfg *alf.Config) {
			cfg.Policy.MinPermanentBackoff, cfg.Policy.MaxPermanentBackoff = time.Hour, time.Hour
		},
	} {
		t.Run(name, func(t *testing.T) {
			inClientAndPool(t, "a-wrong-one", change, func(t *testing.T, kit *sim.Server, path string, c tokenClient) {
				for range 5 { // the backoff is a minute by then
					_, err := c.Token(t.Context())
					require.ErrorContains(t, err, "invalid_client")
					time.Sleep(time.Minute)
				}
				_, err := c.Token(t.Context())
				require.ErrorContains(t, err, "invalid_client")
				time.Sleep(45 * time.Second)
				if change != nil {
					time.Sleep(5 * time.Minute) // a pool keeps little of it by then
					_, err = c.Token(t.Context())
					require.ErrorContains(t, err, "invalid_client")
				}
				requests := len(kit.TokenRequests())
				require.NoError(t, os.WriteFile(path, nil, 0o600)) // a rotation that truncates first
				time.Sleep(4 * time.Second)
				require.NoError(t, os.WriteFile(path, []byte("the-right-one\n"), 0o600))
				time.Sleep(2 * time.Second)
				synctest.Wait() // the file was read again by then
				_, err = c.Token(t.Context())
				require.NoError(t, err)
				require.Len(t, kit.TokenRequests(), requests+1)
			})
		})
	}
}

func TestF4_ASecretFileThatIsEmptyForAMoment(t *testing.T) {
	inClientAndPool(t, "the-right-one", nil, func(t *testing.T, kit *sim.Server, path string, c tokenClient) {
		kit.SetLifetime(100 * time.Second)
		token := func() string {
			got, err := c.Token(t.Context())
			require.NoError(t, err)
			return got.Value()
		}
		first := token()
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		for range 20 { // to 80 s, past the refresh time of 67.5 s
			time.Sleep(4 * time.Second)
			require.Equal(t, first, token())
		}
		require.Len(t, kit.TokenRequests(), 1, "none without a secret")
		require.NoError(t, os.WriteFile(path, []byte("the-right-one"), 0o600))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.NotEqual(t, first, token(), "refreshed once it was there")
		require.Len(t, kit.TokenRequests(), 2)
		for _, r := range kit.TokenRequests() {
			require.Equal(t, 200, r.Status)
		}
	})
}

// The file is empty when the secret is read again after a refusal, and when a program starts.
func TestF4_ASecretFileThatIsEmptyWhenItIsNeeded(t *testing.T) {
	inClientAndPool(t, "", nil, func(t *testing.T, kit *sim.Server, path string, c tokenClient) {
		_, err := c.Token(t.Context())
		require.ErrorContains(t, err, path+" is empty")
		require.Empty(t, kit.TokenRequests())
		require.NoError(t, os.WriteFile(path, []byte("the-right-one"), 0o600))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		_, err = c.Token(t.Context())
		require.NoError(t, err)
		require.Len(t, kit.TokenRequests(), 1)
	})
}
