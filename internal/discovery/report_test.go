package discovery

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ordinary is a report in which everything is consistent.
func ordinary(t testing.TB) *Report {
	return &Report{
		API:        parsed(t, "https://api.example.com/v1"),
		Challenges: []Challenge{{Scheme: "Bearer", Scopes: []string{"read"}}},
		At:         Location{"https://api.example.com/.well-known/oauth-protected-resource/v1", Inserted},
		Resource:   &Resource{ID: "https://api.example.com/v1", Servers: []string{"https://as.example.com"}, Scopes: []string{"read", "write"}},
		Servers:    []*Server{{Issuer: "https://as.example.com", TokenEndpoint: "https://as.example.com/token"}},
	}
}

func fitting() Configured {
	return Configured{Issuer: "https://as.example.com", ClientID: "me", Scopes: []string{"read"}, Resource: []string{"https://api.example.com/v1"}}
}

func TestDiscovery_NothingIsInconsistent(t *testing.T) {
	require.Empty(t, ordinary(t).Findings(Configured{}))
	require.Empty(t, ordinary(t).Findings(fitting()))
	byTokenURL := fitting()
	byTokenURL.Issuer, byTokenURL.TokenURL = "", "https://as.example.com/token"
	require.Empty(t, ordinary(t).Findings(byTokenURL))
	byAudience := fitting()
	byAudience.Resource, byAudience.Audience = nil, []string{"https://api.example.com/v1"}
	require.Empty(t, ordinary(t).Findings(byAudience))
	require.Empty(t, (&Report{API: parsed(t, "https://api.example.com")}).Findings(fitting()))
}

// Each finding by what causes it alone.
func TestDiscovery_Findings(t *testing.T) {
	for says, change := range map[string]func(*Report, *Configured){
		"which is more than the URL given": func(r *Report, c *Configured) {
			r.Resource.ID = "https://api.example.com"
			c.Resource = []string{r.Resource.ID}
		},
		"differs from in spelling":                     func(r *Report, c *Configured) { r.Resource.ID += "/"; c.Resource = []string{r.Resource.ID} },
		"is on another host, meta.example.com":         func(r *Report, c *Configured) { r.At = Location{"https://meta.example.com/x", Challenged} },
		"a location that no specification has":         func(r *Report, c *Configured) { r.At.Why = Appended },
		"names no authorization server":                func(r *Report, c *Configured) { r.Resource.Servers = nil },
		"takes no token from the Authorization header": func(r *Report, c *Configured) { r.Resource.Methods = []string{"query"} },
		"signed_metadata, which are not verified":      func(r *Report, c *Configured) { r.Resource.Signed = true },
		"scope admin, which the document does not list": func(r *Report, c *Configured) {
			r.Challenges[0].Scopes = []string{"read", "admin"}
			c.Scopes = []string{"read", "admin"}
		},
		"has no token endpoint in its metadata":          func(r *Report, c *Configured) { r.Servers[0].TokenEndpoint = "" },
		"does not list the client credentials grant":     func(r *Report, c *Configured) { r.Servers[0].Grants = []string{"authorization_code"} },
		"this one is not among them":                     func(r *Report, c *Configured) { r.Servers[0].Resources = []string{"https://other.example.com"} },
		"does not list the scope write":                  func(r *Report, c *Configured) { r.Servers[0].Scopes = []string{"read"} },
		"bound by DPoP, which https://as.example.com":    func(r *Report, c *Configured) { r.Resource.DPoP = true; c.DPoP = true },
		"none of the API's authorization servers: https": func(r *Report, c *Configured) { c.Issuer = "https://other.example.com" },
		"not the token endpoint of any of the API's": func(r *Report, c *Configured) {
			c.Issuer, c.TokenURL = "", "https://other.example.com/token"
		},
		"{Resource} or {Audience} is https://x, and the API calls itself": func(r *Report, c *Configured) { c.Resource = []string{"https://x"} },
		"neither {Resource} nor {Audience} is set":                        func(r *Report, c *Configured) { c.Resource = nil },
		"looks like an MCP server (its path has mcp in it), which requires {Resource} with exactly its own address": func(r *Report, c *Configured) {
			r.MCP = "its path has mcp in it"
			c.Resource, c.Audience = nil, []string{"https://api.example.com/v1"} // an audience does not do
		},
		"{Scopes} has admin, which is not among the scopes that the API names: read write": func(r *Report, c *Configured) { c.Scopes = []string{"read", "admin"} },
		"asks for the scope read, which {Scopes} does not have":                            func(r *Report, c *Configured) { c.Scopes = []string{"write"} },
		"takes only tokens that are bound by DPoP": func(r *Report, c *Configured) {
			r.Resource.DPoP, r.Servers[0].ProofAlgorithms = true, []string{"ES256"}
		},
		"bound to a client certificate": func(r *Report, c *Configured) { r.Resource.Certificate = true },
	} {
		r, c := ordinary(t), fitting()
		change(r, &c)
		found := r.Findings(c)
		require.Len(t, found, 1, says)
		require.Contains(t, found[0].Cause, says)
	}
	plain := &Report{API: parsed(t, "http://api.example.com")}
	require.Contains(t, plain.Findings(Configured{})[0].Cause, "plain http")
	onlyDPoP := &Report{API: parsed(t, "https://api.example.com"), Challenges: []Challenge{{Scheme: "dpop"}}}
	require.Contains(t, onlyDPoP.Findings(fitting())[0].Cause, "bound by DPoP")
}

func TestDiscovery_MCPServers(t *testing.T) {
	for api, want := range map[string]string{
		"https://example.com/mcp": "its path has mcp in it", "https://example.com/v1/MCP/x": "its path has mcp in it", "https://example.com/github-mcp": "its path has mcp in it",
		"https://mcp.example.com": "its host is called mcp", "https://example.com/mcpx": "", "https://example.com": "",
	} {
		require.Equal(t, want, MCP(parsed(t, api), nil, nil), api)
	}
	api := parsed(t, "https://example.com")
	require.NotEmpty(t, MCP(api, map[string][]string{"Mcp-Session-Id": {"x"}}, nil))
	require.NotEmpty(t, MCP(api, nil, []byte(`{"jsonrpc":"2.0"}`)))
}

// An API must not decide where a secret is sent: what it names is never a setting.
func TestDiscovery_AServerThatTheAPIAloneNamesIsUntrusted(t *testing.T) {
	c := ordinary(t).Configuration(Configured{})
	require.Equal(t, []string{"https://as.example.com"}, c.Untrusted)
	require.Empty(t, c.Value("Issuer")+c.Value("TokenURL"))
	// Another one is configured: that remains, and the API's is not even offered.
	other := fitting()
	other.Issuer = "https://other.example.com"
	c = ordinary(t).Configuration(other)
	require.Empty(t, c.Untrusted)
	require.Equal(t, "https://other.example.com", c.Value("Issuer"))
	// A server says that the configured token endpoint is its own, but an issuer is configured.
	both := Configured{Issuer: "https://other.example.com", TokenURL: "https://as.example.com/token"}
	require.False(t, both.Trusts(ordinary(t).Servers[0]))
	// A server of the API's own origin is no better.
	own := &Report{API: parsed(t, "https://api.example.com/x"), Servers: []*Server{{Issuer: "https://api.example.com"}}}
	require.Equal(t, []string{"https://api.example.com"}, own.Configuration(Configured{}).Untrusted)
	require.True(t, (&Report{API: own.API}).Configuration(Configured{}).Missing)
}

func TestDiscovery_ConfigurationThatFollows(t *testing.T) {
	texts := func(c Configuration) (lines []string) {
		for _, s := range c.Settings {
			lines = append(lines, s.Field+"="+strings.Join(s.Values, " "))
		}
		return lines
	}
	require.Equal(t, []string{"Issuer=https://as.example.com", "ClientID=me", "Scopes=read", "Resource=https://api.example.com/v1", "Origins=https://api.example.com"},
		texts(ordinary(t).Configuration(Configured{Issuer: "https://as.example.com", ClientID: "me"})))
	r := ordinary(t)
	r.Challenges, r.Resource.DPoP, r.Resource.Certificate = nil, true, true
	r.Servers[0].Methods = []string{"private_key_jwt", "none"}
	require.Equal(t, []string{
		"ClientID=CLIENT_ID", "AuthStyle=private_key_jwt", "KeyFile=KEY_FILE", "Scopes=read write",
		"Resource=https://api.example.com/v1", "Origins=https://api.example.com", "DPoP=", "CertFile=CERT_FILE",
	}, texts(r.Configuration(Configured{})))
	// What is configured takes precedence, except for the resource, which is the API's own.
	require.Equal(t, []string{
		"TokenURL=https://as.example.com/token", "ClientID=me", "ClientSecretFile=secret", "AuthStyle=client_secret_post", "Scopes=write", "Audience=aud",
		"Resource=https://api.example.com/v1", "Origins=https://api.example.com",
	}, texts(ordinary(t).Configuration(Configured{
		TokenURL: "https://as.example.com/token", ClientID: "me", SecretFile: "secret", AuthStyle: "client_secret_post", Scopes: []string{"write"}, Audience: []string{"aud"}, Resource: []string{"x"},
	})))
	for _, c := range []struct {
		methods []string
		want    string
	}{
		{nil, "client_secret_basic"}, {[]string{}, "client_secret_basic"}, {[]string{"none"}, "client_secret_basic"},
		{[]string{"client_secret_post", "client_secret_basic"}, "client_secret_basic"}, {[]string{"tls_client_auth", "client_secret_post"}, "client_secret_post"},
		{[]string{"tls_client_auth"}, "tls_client_auth"}, {[]string{"client_secret_jwt"}, "client_secret_jwt"},
	} {
		r := ordinary(t)
		r.Servers[0].Methods = c.methods
		require.Equal(t, c.want, r.method(Configured{}))
	}
	unread := &Report{API: parsed(t, "https://api.example.com/mcp"), MCP: "x"}
	require.Equal(t, []string{"https://api.example.com/mcp"}, []string{unread.ID()})
	key := fitting()
	key.AuthStyle, key.Key, key.KeyID = "private_key_jwt", "key.pem", "k1"
	require.Contains(t, strings.Join(texts(ordinary(t).Configuration(key)), ","), "KeyFile=key.pem,KeyID=k1")
	key.AuthStyle, key.Assertion, key.Certificate, key.CertificateKey = "client_assertion", "token", "c.pem", "c.key"
	require.Contains(t, strings.Join(texts(ordinary(t).Configuration(key)), ","), "AssertionFile=token")
	require.Contains(t, strings.Join(texts(ordinary(t).Configuration(key)), ","), "CertFile=c.pem,CertKeyFile=c.key")
}
