package interop

import (
	"context"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/nginx"
	"github.com/alf-go/alf/interop/oidcprovider"
)

// resources are the ways in which an API that others wrote says no to tokens of an authorization server that others wrote:
// the two know each other by RFC 7662 alone.
var resources = []struct {
	kind nginx.Kind
	says string
	try  func(*testing.T, *resource)
}{
	{nginx.Proper, "401, `Bearer error=\"invalid_token\"`", tryDeadToken},
	{nginx.Silent, "401 without a challenge", tryDeadToken},
	{nginx.Basic, "401, `Basic realm=\"nginx\"`", tryDeadToken},
	{nginx.Scope, "403, `Bearer error=\"insufficient_scope\"`", tryMissingScope},
}

const resourceServer = "nginx with njs"

// resource is such an API, and who hands out its tokens.
type resource struct {
	provider *oidcprovider.Server
	url      string
	log      func() string
}

func TestResourceServers(t *testing.T) {
	t.Parallel()
	for _, what := range []string{nginx.Missing(), oidcprovider.Missing()} {
		if what == "" {
			continue
		}
		results.missing(resourceServer)
		if os.Getenv("CI") != "" {
			t.Fatal(what)
		}
		t.Skip(what)
	}
	provider, err := oidcprovider.New(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, provider.Start(t.Context(), false))
	t.Cleanup(provider.Stop)
	id, secret := provider.ResourceServer()
	api, err := nginx.Start(t.Context(), t.TempDir(), provider.IntrospectionURL(), id, secret)
	require.NoError(t, err)
	t.Cleanup(api.Close)
	for _, r := range resources {
		t.Run(string(r.kind), func(t *testing.T) {
			defer func() { results.add(resourceServer, r.says, "", outcome(t), "") }()
			r.try(t, &resource{provider, api.URL(r.kind), api.Log})
		})
	}
}

// tryDeadToken: a revoked token is replaced, by one token request, whatever the 401 looks like.
func tryDeadToken(t *testing.T, r *resource) {
	client := r.client(t)
	before := r.provider.TokenRequests()
	require.Equal(t, http.StatusOK, r.get(t, client), r.log())
	require.NoError(t, r.provider.Revoke(t.Context()))
	require.Equal(t, http.StatusOK, r.get(t, client))
	require.Equal(t, before+2, r.provider.TokenRequests())
}

// tryMissingScope: another token would fare no better, so none is asked for.
func tryMissingScope(t *testing.T, r *resource) {
	client := r.client(t)
	before := r.provider.TokenRequests()
	for range 3 {
		require.Equal(t, http.StatusForbidden, r.get(t, client))
	}
	require.Equal(t, before+1, r.provider.TokenRequests())
}

func (r *resource) client(t *testing.T) *alf.Client {
	t.Helper()
	client, err := alf.New(r.provider.Cases()[0].Config())
	require.NoError(t, err)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		require.NoError(t, client.Close())
	})
	return client
}

func (r *resource) get(t *testing.T, client *alf.Client) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	answer, err := client.GetContext(ctx, r.url)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}
