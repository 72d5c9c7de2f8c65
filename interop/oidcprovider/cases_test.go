package oidcprovider

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// What follows is no test of the client, only of the cases: that each is configured as it should be.

func TestEachCaseWorks(t *testing.T) {
	s := startServer(t)
	discovered := 0
	for _, c := range s.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if c.Config().Issuer != "" {
				discovered++
			}
			client := newClient(t, c.Config())
			require.Equal(t, 200, get(t, client, c.API))
			require.NoError(t, s.Revoke(t.Context()))
			require.Equal(t, 200, get(t, client, c.API), "revoked, and replaced")

			require.NoError(t, c.Rotate(t.Context()))
			_, err := client.Refresh(t.Context())
			require.NoError(t, err)
			require.Equal(t, 200, get(t, client, c.API), "rotated")

			_, err = newClient(t, c.Wrong()).Refresh(t.Context())
			require.ErrorContains(t, err, c.Says)
		})
	}
	require.GreaterOrEqual(t, 2*discovered, len(s.Cases()), "enough cases with discovery")
}

func newClient(t *testing.T, cfg alf.Config) *alf.Client {
	t.Helper()
	client, err := alf.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		require.NoError(t, client.Close())
	})
	return client
}

func get(t *testing.T, client *alf.Client, url string) int {
	t.Helper()
	resp, err := client.Do(mustRequest(t, url))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}
