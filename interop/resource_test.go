package interop

import (
	"cmp"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/apache"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/nginx"
	"github.com/alf-go/alf/interop/oidcprovider"
	"github.com/alf-go/alf/interop/rabbitmq"
	"github.com/alf-go/alf/manager"
)

// tokens are a kind of them, and what oidc-provider calls the client that gets such.
type tokens struct {
	name, client string
	// jwt: they are asked for by the API's address, which makes them JWTs
	jwt bool
}

var (
	opaqueTokens    = tokens{"opaque", "client_secret_basic", false}
	plainJWTs       = tokens{"JWT", "client_secret_basic", true}
	keyJWTs         = tokens{"JWT, bound to a key (DPoP)", "client_secret_basic, discovery, DPoP", true}
	certificateJWTs = tokens{"JWT, bound to a certificate", "tls_client_auth, discovery", true}
)

// resource is what an API does with tokens of a kind.
type resource struct {
	kind string // the API's name for it
	tokens
	says string // when it refuses
	try  func(*testing.T, *row)
}

// apis are those that others wrote, in the order of the table. They take tokens of an authorization server that others
// wrote: the two know each other by RFC 7662 or by a JWK Set alone.
var apis = []struct {
	name      string
	missing   func() string // what has to be installed first, "" if nothing
	start     func(*testing.T, *oidcprovider.Server) api
	resources []resource
}{
	{"nginx with njs", nginx.Missing, startNginx, []resource{
		{string(nginx.Proper), opaqueTokens, "401, `Bearer error=\"invalid_token\"`", tryRevokedToken},
		{string(nginx.Silent), opaqueTokens, "401 without a challenge", tryRevokedToken},
		{string(nginx.Basic), opaqueTokens, "401, `Basic realm=\"nginx\"`", tryRevokedToken},
		{string(nginx.Scope), opaqueTokens, "403, `Bearer error=\"insufficient_scope\"`", tryMissingScope},
	}},
	{"Apache with mod_oauth2", apache.Missing, startApache, []resource{
		{string(apache.Opaque), opaqueTokens, "401, `Bearer error=\"invalid_token\"`", tryRevokedToken},
		{string(apache.JWT), plainJWTs, "401, `Bearer error=\"invalid_token\"`", tryRevokedToken},
		{string(apache.DPoP), keyJWTs, "401, `Bearer error=\"invalid_token\"`", tryBoundToken},
		{string(apache.Certificate), certificateJWTs, "401, `Bearer error=\"invalid_token\"`", tryBoundToken},
		{string(apache.Scope), plainJWTs, "401, `Bearer error=\"insufficient_scope\"`", tryMissingScope},
	}},
	{"RabbitMQ", rabbitmq.Missing, startRabbitMQ, []resource{
		{string(rabbitmq.Whoami), plainJWTs, "401, `Basic realm=\"RabbitMQ Management\"`", tryExpiredToken},
		{string(rabbitmq.Users), plainJWTs, "401 without a challenge, for lack of a permission", tryMissingPermission},
	}},
}

// api is one that runs.
type api struct {
	url func(kind string) string
	log func() string
}

func startNginx(t *testing.T, provider *oidcprovider.Server) api {
	id, secret := provider.ResourceServer()
	s, err := nginx.Start(t.Context(), t.TempDir(), provider.IntrospectionURL(), id, secret)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return api{func(kind string) string { return s.URL(nginx.Kind(kind)) }, s.Log}
}

func startApache(t *testing.T, provider *oidcprovider.Server) api {
	id, secret := provider.ResourceServer()
	s, err := apache.Start(t.Context(), t.TempDir(), apache.Trust{
		KeysURL: provider.KeysURL(), IntrospectionURL: provider.IntrospectionURL(), ID: id, Secret: secret,
		Certificate: provider.Certificate(),
	})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return api{func(kind string) string { return s.URL(apache.Kind(kind)) }, s.Log}
}

func TestResourceServers(t *testing.T) {
	for _, a := range apis {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			requireServer(t, a.name, func() string { return cmp.Or(a.missing(), oidcprovider.Missing()) })
			provider, err := oidcprovider.New(t.TempDir())
			require.NoError(t, err)
			provider.SetLifetime(long)
			require.NoError(t, provider.Start(t.Context(), false))
			t.Cleanup(provider.Stop)
			api := a.start(t, provider)
			for _, r := range a.resources {
				t.Run(r.kind, func(t *testing.T) {
					defer func() {
						results.add(a.name, r.name, r.says, outcome(t), "")
						if t.Failed() {
							t.Log(api.log())
						}
					}()
					r.try(t, r.row(provider, api.url(r.kind)))
				})
			}
		})
	}
}

// row is the kind's client, with the API at url.
func (k tokens) row(provider *oidcprovider.Server, url string) *row {
	cases := provider.Cases()
	c := cases[slices.IndexFunc(cases, func(c lab.Case) bool { return c.Name == k.client })]
	config := c.Config
	c.Config = func() alf.Config {
		cfg := config()
		if k.jwt {
			cfg.Resource = []string{url}
		}
		if cfg.DPoP != nil {
			cfg.DPoP.Backdate = 2 * time.Second // mod_oauth2 accepts no proof that is older than 5 s
		}
		return cfg
	}
	c.API = url
	short := c.Lifetime
	c.Lifetime = long
	return &row{Case: c, server: provider, short: short}
}

// tryRevokedToken: a token that was good and is revoked is replaced, by one fetch, whatever the 401 looks like.
func tryRevokedToken(t *testing.T, r *row) {
	nothing := func(*client) error { return nil }
	stats, asked := r.undisturbed(t, nothing, func(c *client) error {
		require.NoError(t, c.ask(t.Context()))
		require.NoError(t, r.server.Revoke(t.Context()))
		return c.ask(t.Context())
	})
	require.EqualValues(t, 1, stats.Unauthorized)
	require.EqualValues(t, 1, stats.RetrySucceeded)
	require.EqualValues(t, 1, stats.FetchesBy[manager.CauseRejected])
	require.LessOrEqual(t, asked, r.trips())
}

// tryBoundToken: the token opens the API for its owner alone, and is replaced like any other.
func tryBoundToken(t *testing.T, r *row) {
	c, _ := r.warm(t)
	token, err := c.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, r.present(t, token, ""))
	if r.Config().DPoP != nil {
		for address, status := range map[string]int{r.API + "/2": http.StatusUnauthorized, r.API: http.StatusOK} {
			proof, err := c.Proof(t.Context(), token, http.MethodGet, address)
			require.NoError(t, err)
			require.Equal(t, status, r.present(t, token, proof), address)
		}
	}
	require.NoError(t, c.ask(t.Context()))
	require.NoError(t, c.Close()) // or it might refresh its token while requests are counted
	tryRevokedToken(t, r)
}

// present shows a token by hand, over a connection without a certificate; proof "": without one.
func (r *row) present(t *testing.T, token *alf.Token, proof string) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.API, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", token.Authorization())
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	resp, err := r.Base.RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// tryMissingScope: another token would fare no better, so none is asked for.
func tryMissingScope(t *testing.T, r *row) {
	nothing := func(*client) error { return nil }
	stats, asked := r.undisturbed(t, nothing, func(c *client) error {
		for range 3 {
			require.ErrorContains(t, c.ask(t.Context()), "insufficient_scope")
		}
		return nil
	})
	require.Zero(t, stats.RetrySucceeded)
	require.Zero(t, asked)
}
