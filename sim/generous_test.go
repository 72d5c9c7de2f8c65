package sim_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// burst revokes tokens one after another and then rejects everything, all at one moment, and returns how many requests
// got a 401 or a wait, and the token requests of both parts.
func burst(t *testing.T, generous bool) (failed int, waited time.Duration, revoked, rejected int) {
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{Generous: generous})
		client, err := alf.New(server.Config())
		require.NoError(t, err)
		defer client.Close()
		start := time.Now()
		send := func() {
			resp, err := client.Get(server.APIURL())
			require.NoError(t, err)
			require.NoError(t, resp.Body.Close())
			if resp.StatusCode != http.StatusOK {
				failed++
			}
		}
		for range 30 {
			server.Revoke()
			send()
		}
		waited, revoked = time.Since(start), server.Stats().TokenRequests
		require.Zero(t, failed)
		server.RejectAll(true)
		for range 30 {
			send()
		}
		require.Equal(t, 30, failed)
		server.RejectAll(false)
		rejected = server.Stats().TokenRequests - revoked
		failed = 0
		server.Revoke()
		send()
	})
	return failed, waited, revoked, rejected
}

func TestM13_AGenerousServersClientsReplaceTheTokenAtOnce(t *testing.T) {
	failed, waited, revoked, rejected := burst(t, true)
	require.Zero(t, failed)
	require.Zero(t, waited)
	require.Equal(t, 30, revoked)
	require.Equal(t, 30, rejected)

	failed, waited, revoked, rejected = burst(t, false)
	require.Equal(t, 1, failed, "the revocation behind the guard is suppressed")
	require.GreaterOrEqual(t, waited, 28*time.Second)
	require.Equal(t, 30, revoked)
	require.LessOrEqual(t, rejected, 8)
}

func TestM13_AGenerousServersClientsFetchOnceForManyRejections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{Generous: true, APILatency: time.Millisecond})
		client, err := alf.New(server.Config())
		require.NoError(t, err)
		defer client.Close()
		for range 5 {
			server.Revoke()
			results := make(chan int)
			for range 50 {
				go func() {
					resp, err := client.Get(server.APIURL())
					if err != nil {
						results <- 0
						return
					}
					resp.Body.Close()
					results <- resp.StatusCode
				}()
			}
			for range 50 {
				require.Equal(t, http.StatusOK, <-results)
			}
		}
		require.Equal(t, 5, server.Stats().TokenRequests)
	})
}
