package discovery

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Documents of the forms that servers have.
func TestDiscovery_DocumentsOfAPIs(t *testing.T) {
	r, err := ParseResource([]byte(`{"resource":"https://resource.example.com","authorization_servers":["https://as1.example.com","https://as2.example.net"],
		"bearer_methods_supported":["header","body"],"scopes_supported":["profile","email","phone"],
		"resource_documentation":"https://resource.example.com/resource_documentation.html"}`)) // RFC 9728 section 3.2
	require.NoError(t, err)
	require.Equal(t, &Resource{
		ID: "https://resource.example.com", Servers: []string{"https://as1.example.com", "https://as2.example.net"},
		Methods: []string{"header", "body"}, Scopes: []string{"profile", "email", "phone"},
	}, r)
	r, err = ParseResource([]byte(`{"resource":"https://api.example.com/mcp","authorization_servers":null,"dpop_bound_access_tokens_required":true,
		"tls_client_certificate_bound_access_tokens":true,"signed_metadata":"e30.e30.","resource_name#it":"Nome","unknown":{"resource":"x"}}`))
	require.NoError(t, err)
	require.Equal(t, &Resource{ID: "https://api.example.com/mcp", DPoP: true, Certificate: true, Signed: true}, r)
}

func TestDiscovery_HostileDocumentsOfAPIs(t *testing.T) {
	for body, why := range map[string]string{
		``:                                 "not one JSON object",
		`[]`:                               "not one JSON object",
		`"x"`:                              "not one JSON object",
		`{"resource":"https://a"} {}`:      "not one JSON object",
		`{"resource":"https://a"`:          "not one JSON object",
		`<html>`:                           "not one JSON object",
		"{\"resource\":\"https://a\xff\"}": "not UTF-8",
		`{}`:                               "there is no resource",
		`{"Resource":"https://a"}`:         "there is no resource",
		`{"resource":null}`:                "there is no resource",
		`{"resource":7}`:                   "its resource is not a string",
		`{"resource":"https://a","resource":"https://b"}`:                   `has the member "resource" twice`,
		`{"resource":"https://a/'; rm -rf ~"}`:                              "its resource cannot be used",
		`{"resource":"javascript:alert(1)"}`:                                "its resource cannot be used",
		`{"resource":"https://a","authorization_servers":"https://b"}`:      "authorization_servers is not an array",
		`{"resource":"https://a","authorization_servers":[null]}`:           "authorization_servers is not an array",
		`{"resource":"https://a","authorization_servers":[["https://b"]]}`:  "authorization_servers is not an array",
		`{"resource":"https://a","scopes_supported":{}}`:                    "scopes_supported is not an array",
		`{"resource":"https://a","dpop_bound_access_tokens_required":"no"}`: "is not true or false",
		`{"resource":"` + strings.Repeat("x", MaxDocument) + `"}`:           "longer than 1 MiB",
		strings.Repeat("[", 200_000):                                        "not one JSON object",
		`{"a":` + strings.Repeat("[", 200_000):                              "not one JSON object",
	} {
		_, err := ParseResource([]byte(body))
		require.ErrorContains(t, err, why, "%.80s", body)
		require.Less(t, len(err.Error()), 200)
	}
}

// What is wrong by itself is left out, and reported.
func TestDiscovery_PartsThatAreNotUsed(t *testing.T) {
	r, err := ParseResource([]byte(`{"resource":"https://a","authorization_servers":["https://1","https://1","http://u:p@2","https://3?q","https://4#f","nothing",
		"https://5","https://6","https://7","https://8"],"scopes_supported":["ok","two words","\"quoted\"","","back\\slash","` + strings.Repeat("x", 300) + `"]}`))
	require.NoError(t, err)
	require.Equal(t, []string{"https://1", "https://5", "https://6", "https://7"}, r.Servers)
	require.Equal(t, []string{"ok"}, r.Scopes)
	var causes string
	for _, f := range r.Findings {
		causes += f.Cause + "\n"
	}
	for _, cause := range []string{"authorization_servers[1] is not used: it holds a name or password", "[2] is not used: it has a query", "[3] is not used: it has a fragment", "[4] is not used", "more than 4 authorization servers", "5 of its scopes_supported"} {
		require.Contains(t, causes, cause)
	}
}

func TestDiscovery_WhichAPIADocumentIsAbout(t *testing.T) {
	for _, c := range []struct {
		resource, api string
		want          Match
	}{
		{"https://a.example.com/mcp", "https://a.example.com/mcp", Identical},
		{"https://a.example.com", "https://a.example.com", Identical},
		{"https://a.example.com/r?t=1", "https://a.example.com/r?t=1#x", Identical},
		{"https://a.example.com/", "https://a.example.com", Equivalent},
		{"https://A.example.com:443/mcp/", "https://a.example.com/mcp", Equivalent},
		{"https://a.example.com", "https://a.example.com/mcp", Covers},
		{"https://a.example.com/v1/", "https://a.example.com/v1/mcp?x=1", Covers},
		{"https://a.example.com/v", "https://a.example.com/v1", Other},
		{"https://a.example.com/mcp", "https://a.example.com", Other},
		{"https://b.example.com/mcp", "https://a.example.com/mcp", Other},
		{"http://a.example.com/mcp", "https://a.example.com/mcp", Other},
		{"https://a.example.com:8443/mcp", "https://a.example.com/mcp", Other},
		{"https://a.example.com.evil.example", "https://a.example.com", Other},
		{"https://a.example.com/x", "https://a.example.com/x/../y", Other},
		{"https://a.example.com/r?t=2", "https://a.example.com/r?t=1", Other},
		{"nothing", "https://a.example.com", Other},
	} {
		require.Equal(t, c.want, MatchResource(c.resource, parsed(t, c.api)), "%s and %s", c.resource, c.api)
	}
}

func TestDiscovery_DocumentsOfServers(t *testing.T) {
	s, err := ParseServer([]byte(`{"issuer":"https://server.example.com","token_endpoint":"https://server.example.com/token",
		"token_endpoint_auth_methods_supported":["client_secret_basic","private_key_jwt"],"grant_types_supported":["client_credentials"],
		"scopes_supported":["openid"],"protected_resources":["https://api.example.com"],"dpop_signing_alg_values_supported":[]}`), "https://server.example.com")
	require.NoError(t, err)
	require.Equal(t, &Server{
		Issuer: "https://server.example.com", TokenEndpoint: "https://server.example.com/token", Methods: []string{"client_secret_basic", "private_key_jwt"},
		Grants: []string{"client_credentials"}, Scopes: []string{"openid"}, Resources: []string{"https://api.example.com"}, ProofAlgorithms: []string{},
	}, s)
	for body, why := range map[string]string{
		`[]`:                                    "not one JSON object",
		`{}`:                                    "there is no issuer",
		`{"issuer":1}`:                          "issuer is not a string",
		`{"issuer":"https://evil.example.com"}`: "another issuer",
		`{"issuer":"https://server.example.com/"}`:                                             "differ by a slash",
		`{"issuer":"https://server.example.com","issuer":"https://x"}`:                         "twice",
		`{"issuer":"https://server.example.com","token_endpoint":{}}`:                          "token_endpoint is not a string",
		`{"issuer":"https://server.example.com","token_endpoint":"ftp://x"}`:                   "token_endpoint cannot be used",
		`{"issuer":"https://server.example.com","token_endpoint":"https://x/\u001b[2J"}`:       "token_endpoint cannot be used",
		`{"issuer":"https://server.example.com","grant_types_supported":"client_credentials"}`: "not an array of strings",
	} {
		_, err := ParseServer([]byte(body), "https://server.example.com")
		require.ErrorContains(t, err, why, body)
	}
	_, err = ParseServer([]byte(`{"issuer":"https://evil.example.com"}`), "https://server.example.com")
	require.ErrorIs(t, err, ErrOtherIssuer)
}
