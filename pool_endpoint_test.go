package alf_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// What one token of a client id learns of its endpoint, all others of the pool know (E2).
func TestE2_ATokenOfAPoolThatIsThrottledHoldsTheOthersOfItsClient(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		k.kit.Respond(1, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "300")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		for i := range 200 {
			_, err := k.pool.Client(alf.Target{Scopes: []string{fmt.Sprint(i)}}).Token(t.Context())
			require.Error(t, err, i)
		}
		require.Len(t, k.requests(), 1)
		time.Sleep(301 * time.Second)
		require.NotEmpty(t, k.token(alf.Target{Scopes: []string{"7"}}))
	})
}

// Targets that an attacker chooses cause at most 100 token requests a second (P4).
func TestP4_NewTargetsOfOneClientAreFetchedAtAPace(t *testing.T) {
	inPool(t, nil, func(t *testing.T, k *poolKit) {
		failed := make(chan error, 1000)
		for i := range 1000 {
			go func() {
				_, err := k.pool.Client(alf.Target{Scopes: []string{fmt.Sprint(i)}}).Token(t.Context())
				failed <- err
			}()
		}
		synctest.Wait()
		require.LessOrEqual(t, len(k.requests()), 100)
		time.Sleep(5500 * time.Millisecond)
		require.LessOrEqual(t, len(k.requests()), 700)
		require.GreaterOrEqual(t, len(k.requests()), 500)
		time.Sleep(10 * time.Second)
		for range 1000 {
			require.NoError(t, <-failed)
		}
		require.Len(t, k.requests(), 1000)
	})
}

// Waiting in the queue fails no caller (E1).
func TestE1_ThousandsOfColdCallersOfAPoolAreServed(t *testing.T) {
	inPool(t, func(k *poolKit) {
		k.kit.SetLatency(50 * time.Millisecond)
		k.tenants(func(_ context.Context, name string) (alf.Config, error) { return k.tenant(name), nil })
	}, func(t *testing.T, k *poolKit) {
		const n = 2000
		results := make(chan error, n)
		for i := range n {
			go func() {
				_, err := k.pool.Client(alf.Target{Tenant: fmt.Sprint(i)}).Token(t.Context())
				results <- err
			}()
		}
		var all error
		for range n {
			all = errors.Join(all, <-results)
		}
		require.NoError(t, all)
		require.Len(t, k.requests(), n)
		require.LessOrEqual(t, k.kit.Stats().MostAtOnce, 64)
	})
}
