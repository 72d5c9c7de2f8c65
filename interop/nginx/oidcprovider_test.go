package nginx_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/nginx"
	"github.com/alf-go/alf/interop/oidcprovider"
)

// The client between two servers that know each other by RFC 7662 alone: it renews a revoked token whatever the 401 looks
// like, and takes a 403 for what it is.
func TestTokensOfOIDCProvider(t *testing.T) {
	if missing := oidcprovider.Missing(); missing != "" {
		if os.Getenv("CI") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	provider, err := oidcprovider.New(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, provider.Start(t.Context(), false))
	t.Cleanup(provider.Stop)
	id, secret := provider.ResourceServer()
	api := start(t, provider.IntrospectionURL(), id, secret)

	for _, kind := range []nginx.Kind{nginx.Proper, nginx.Silent, nginx.Basic} {
		client := newClient(t, provider.Cases()[0].Config())
		before := provider.TokenRequests()
		require.Equal(t, 200, get(t, client, api.URL(kind)), "%s\n%s", kind, api.Log())
		require.NoError(t, provider.Revoke(t.Context()))
		require.Equal(t, 200, get(t, client, api.URL(kind)), kind)
		require.Equal(t, before+2, provider.TokenRequests(), kind)
	}

	client := newClient(t, provider.Cases()[0].Config())
	before := provider.TokenRequests()
	for range 3 {
		require.Equal(t, 403, get(t, client, api.URL(nginx.Scope)))
	}
	require.Equal(t, before+1, provider.TokenRequests())
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
	answer, err := client.GetContext(t.Context(), url)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}
