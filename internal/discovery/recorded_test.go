package discovery

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// What servers in use respond with, written down by hand: shortened to the members that matter here and a few that must
// not disturb, with hosts of examples. Captures of servers that can be run are in captured_test.go.
func TestDiscovery_Recorded(t *testing.T) {
	for name, c := range map[string]struct {
		api, challenge, resource string // "" if the server has none
		issuer, server           string
		found                    []string // in the order of the findings
		method                   string
	}{
		"the Go SDK of the Model Context Protocol, v1.8.0": {
			api:       "http://127.0.0.1:8080/mcp",
			challenge: `Bearer resource_metadata="http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp", scope="read"`,
			resource:  `{"resource":"http://127.0.0.1:8080/mcp","authorization_servers":["http://127.0.0.1:9090"],"scopes_supported":["read"]}`,
			issuer:    "http://127.0.0.1:9090",
			server: `{"issuer":"http://127.0.0.1:9090","authorization_endpoint":"http://127.0.0.1:9090/authorize","token_endpoint":"http://127.0.0.1:9090/token",` +
				`"response_types_supported":["code"],"code_challenge_methods_supported":["S256"],"token_endpoint_auth_methods_supported":["client_secret_post"]}`,
			method: "client_secret_post",
		},
		"a hosted MCP server whose document is that of its origin": {
			api:       "https://mcp.example.com/sse",
			challenge: `Bearer realm="OAuth", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource", error="invalid_token", error_description="Missing or invalid access token"`,
			resource:  `{"resource":"https://mcp.example.com","authorization_servers":["https://mcp.example.com"],"bearer_methods_supported":["header"],"resource_name":"Example"}`,
			issuer:    "https://mcp.example.com",
			server: `{"issuer":"https://mcp.example.com","authorization_endpoint":"https://mcp.example.com/authorize","token_endpoint":"https://mcp.example.com/token",` +
				`"registration_endpoint":"https://mcp.example.com/register","grant_types_supported":["authorization_code","refresh_token"],"token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"]}`,
			found:  []string{"which is more than the URL given", "does not list the client credentials grant"},
			method: "client_secret_basic",
		},
		"Keycloak 26": {
			api:      "https://api.example.com/orders",
			resource: `{"resource":"https://api.example.com/orders","authorization_servers":["https://sso.example.com/realms/shop"]}`,
			issuer:   "https://sso.example.com/realms/shop",
			server: `{"issuer":"https://sso.example.com/realms/shop","token_endpoint":"https://sso.example.com/realms/shop/protocol/openid-connect/token",` +
				`"grant_types_supported":["authorization_code","client_credentials","implicit","password","refresh_token","urn:ietf:params:oauth:grant-type:device_code"],` +
				`"token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_basic","client_secret_post","tls_client_auth","client_secret_jwt"],` +
				`"dpop_signing_alg_values_supported":["PS384","RS384","EdDSA","ES384"],"mtls_endpoint_aliases":{"token_endpoint":"https://sso.example.com/realms/shop/protocol/openid-connect/token"},` +
				`"scopes_supported":["openid","profile","roles"],"claims_parameter_supported":true}`,
			method: "client_secret_basic",
		},
		"Microsoft Entra": {
			api:       "https://management.example.net/subscriptions?api-version=2020-01-01",
			challenge: `Bearer authorization_uri="https://login.example.net/common/oauth2/authorize", error="invalid_token", error_description="The authentication failed because of missing 'Authorization' header."`,
			resource:  `{"resource":"https://management.example.net/","authorization_servers":["https://login.example.net/72f988bf/v2.0"],"scopes_supported":["https://management.example.net/.default"]}`,
			issuer:    "https://login.example.net/72f988bf/v2.0",
			server: `{"token_endpoint":"https://login.example.net/72f988bf/oauth2/v2.0/token","token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt","client_secret_basic","self_signed_tls_client_auth"],` +
				`"issuer":"https://login.example.net/72f988bf/v2.0","microsoft_multi_refresh_token":true,"tenant_region_scope":null,"scopes_supported":["openid","profile"]}`,
			found:  []string{"which is more than the URL given", "does not list the scope https://management.example.net/.default"},
			method: "client_secret_basic",
		},
		"Auth0, whose issuer ends with a slash": {
			api:       "https://api.example.com",
			challenge: `Bearer realm="api", error="invalid_request", error_description="No token", DPoP algs="ES256"`,
			resource:  `{"resource":"https://api.example.com/","authorization_servers":["https://tenant.auth.example.com/"]}`,
			issuer:    "https://tenant.auth.example.com/",
			server:    `{"issuer":"https://tenant.auth.example.com/","token_endpoint":"https://tenant.auth.example.com/oauth/token","token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","private_key_jwt"]}`,
			found:     []string{"differs from in spelling"},
			method:    "client_secret_basic",
		},
		"Hydra 2, and an API that publishes nothing": {
			api: "https://api.example.com", challenge: "Bearer", method: "client_secret_basic",
		},
		"an API with Basic alone": {
			api: "https://api.example.com", challenge: `Basic realm="Restricted Area"`, method: "client_secret_basic",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Report{API: parsed(t, c.api)}
			if c.challenge != "" {
				r.Challenges = Challenges(http.Header{"Www-Authenticate": {c.challenge}})
				require.NotEmpty(t, r.Challenges)
			}
			if c.resource != "" {
				document, err := ParseResource([]byte(c.resource))
				require.NoError(t, err)
				require.NotEqual(t, Other, MatchResource(document.ID, r.API))
				locations, found := ResourceLocations(r.API, r.Challenges)
				require.Empty(t, found)
				r.Resource, r.At = document, locations[0]
				require.Contains(t, document.Servers, c.issuer)
				s, err := ParseServer([]byte(c.server), c.issuer)
				require.NoError(t, err)
				r.Servers = append(r.Servers, s)
			}
			found := r.Findings(Configured{})
			require.Len(t, found, len(c.found), "%v", found)
			for i, cause := range c.found {
				require.Contains(t, found[i].Cause, cause)
			}
			require.Equal(t, c.method, r.method(Configured{}))
			require.Empty(t, (&Configuration{Settings: r.Configuration(Configured{}).Settings}).Value("Issuer"))
		})
	}
}
