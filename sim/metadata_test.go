package sim_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// read gets a JSON object.
func (p *place) read(url string) (document map[string]any) {
	p.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(p, err)
	got := p.do(req)
	require.NoError(p, got.err)
	require.Equal(p, http.StatusOK, got.status, got.body)
	require.NoError(p, json.Unmarshal([]byte(got.body), &document))
	return document
}

func TestMetadata_SayWhatIsAccepted(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		base := p.token[:len(p.token)-len(sim.TokenPath)]
		document := p.read(base + "/.well-known/oauth-authorization-server")
		require.Equal(p, base, document["issuer"])
		require.Equal(p, p.token, document["token_endpoint"])
		require.Equal(p, base+sim.JWKSPath, document["jwks_uri"])
		require.Equal(p, base+sim.IntrospectionPath, document["introspection_endpoint"])
		require.Equal(p, []any{"client_credentials"}, document["grant_types_supported"])
		require.Equal(p, []any{
			"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth",
			"self_signed_tls_client_auth",
		}, document["token_endpoint_auth_methods_supported"])
		require.Contains(p, document["token_endpoint_auth_signing_alg_values_supported"], "ES256")
		require.Contains(p, document["token_endpoint_auth_signing_alg_values_supported"], "HS256")
		require.Contains(p, document["dpop_signing_alg_values_supported"], "ES256")
		require.NotContains(p, document["dpop_signing_alg_values_supported"], "HS256")
		require.Equal(p, true, document["tls_client_certificate_bound_access_tokens"])
		require.Equal(p, 1, p.Stats().MetadataRequests)
		require.Zero(p, p.Stats().TokenRequests, "they are no token requests")
		require.Zero(p, p.Stats().Requests, "and none to the API")
	})
}

// Wherever clients look for the metadata of an issuer, and however the issuer is spelled.
func TestMetadata_AreWhereClientsLookForThem(t *testing.T) {
	for _, issuer := range []string{
		"https://login.example.com", "https://login.example.com/", "https://login.example.com/realms/shop",
		"https://login.example.com/realms/shop/",
	} {
		inEveryWay(t, sim.Options{}, func(c *configured) {
			cfg := production(c.T, alf.AuthBasic, c.server)
			cfg.TokenURL, cfg.Issuer = "", issuer
			require.Equal(c, http.StatusOK, c.get(c.client(cfg), productionAPI))
		})
	}
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		cfg := production(t, alf.AuthBasic, p.Server)
		cfg.TokenURL, cfg.Issuer = "", productionIssuer
		_, err := p.Configure(cfg)
		require.NoError(t, err)
		const host, realm = "https://login.example.com", "/realms/shop"
		for _, at := range []string{
			host + "/.well-known/oauth-authorization-server" + realm, host + realm + "/.well-known/openid-configuration",
			host + "/.well-known/openid-configuration" + realm, host + realm + "/.well-known/oauth-authorization-server",
		} {
			require.Equal(t, productionIssuer, p.read(at)["issuer"], at)
		}
		require.Equal(t, productionIssuer+sim.TokenPath, p.read(host + realm + "/.well-known/openid-configuration")["token_endpoint"])
	})
}

// An outage of the token endpoint leaves the metadata alone, and a path that only looks similar is the API's.
func TestMetadata_AreApartFromTheTokenEndpointAndTheAPI(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		base := p.token[:len(p.token)-len(sim.TokenPath)]
		p.GoDown(0)
		require.Equal(p, base, p.read(base + "/.well-known/openid-configuration")["issuer"])
		for _, path := range []string{"/.well-known/openid-configuration-2", "/.well-known/jwks", "/oauth2/jwks/1", "/oauth2/token/", "/realms/else/oauth2/jwks"} {
			req, err := http.NewRequest(http.MethodGet, p.api+path, nil)
			require.NoError(p, err)
			require.Equal(p, http.StatusUnauthorized, p.do(req).status, path)
		}
		require.Equal(p, 5, p.Stats().Requests)
	})
}

// A server without the client's way of authenticating, which a client learns before it has sent anything secret; and a
// token endpoint that has moved.
func TestSetMetadata_ChangesWhatClientsLearn(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		cfg := production(c.T, alf.AuthPost, c.server)
		cfg.TokenURL, cfg.Issuer = "", productionIssuer
		cfg.Policy.Attempts = 1
		pointed, err := c.server.Configure(cfg)
		require.NoError(c, err)
		c.server.SetMetadata(func(document map[string]any) {
			document["token_endpoint_auth_methods_supported"] = []string{"private_key_jwt"}
		})
		_, err = c.started(pointed).Refresh(c.Context())
		require.ErrorContains(c, err, "client_secret_post")
		require.Zero(c, c.server.Stats().TokenRequests)
		c.server.SetMetadata(func(document map[string]any) {
			document["token_endpoint"] = "https://moved.example.com" + sim.TokenPath
		})
		_, err = c.started(pointed).Refresh(c.Context())
		require.NoError(c, err)
		c.server.SetMetadata(nil)
		_, err = c.started(pointed).Refresh(c.Context())
		require.NoError(c, err)
	})
}
