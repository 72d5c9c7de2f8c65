package discovery

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func parsed(t testing.TB, address string) *url.URL {
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

func locationsOf(t *testing.T, api string, challenges ...string) []string {
	header := http.Header{"Www-Authenticate": challenges}
	all, _ := ResourceLocations(parsed(t, api), Challenges(header))
	var out []string
	for _, l := range all {
		out = append(out, l.Why.String()+": "+l.URL)
	}
	return out
}

// RFC 9728 sections 3, 3.1 and 5.1: the challenge's address, the well-known name between host and path with the query,
// and then what servers do beside.
func TestDiscovery_LocationsOfTheAPIsDocument(t *testing.T) {
	const (
		challenged = "named by the challenge: "
		inserted   = "the well-known location of the URL: https://api.example.com/.well-known/oauth-protected-resource"
		root       = "the well-known location of its origin: https://api.example.com/.well-known/oauth-protected-resource"
		appended   = "below the URL: https://api.example.com"
		document   = "/.well-known/oauth-protected-resource"
	)
	for name, c := range map[string]struct {
		api        string
		challenges []string
		want       []string
	}{
		"an origin":                      {"https://api.example.com", nil, []string{inserted}},
		"a slash after the host":         {"https://api.example.com/", nil, []string{inserted}},
		"a path (the RFC's resource1)":   {"https://api.example.com/resource1", nil, []string{inserted + "/resource1", root, appended + "/resource1" + document}},
		"a path with a slash at its end": {"https://api.example.com/mcp/", nil, []string{inserted + "/mcp/", inserted + "/mcp", root, appended + "/mcp" + document}},
		"a query": {"https://api.example.com/r?tenant=a", nil, []string{
			inserted + "/r?tenant=a", inserted + "/r", root, appended + "/r" + document,
		}},
		"a query without a path": {"https://api.example.com?tenant=a", nil, []string{inserted + "?tenant=a", inserted}},
		"an escaped path":        {"https://api.example.com/a%2Fb", nil, []string{inserted + "/a%2Fb", root, appended + "/a%2Fb" + document}},
		"a fragment":             {"https://api.example.com/r#part", nil, []string{inserted + "/r", root, appended + "/r" + document}},
		"the challenge first": {"https://api.example.com/mcp", []string{`Bearer resource_metadata="https://meta.example.com/x"`}, []string{
			challenged + "https://meta.example.com/x", inserted + "/mcp", root, appended + "/mcp" + document,
		}},
		"the challenge names a well-known one": {"https://api.example.com/mcp", []string{`Bearer resource_metadata="https://api.example.com` + document + `"`}, []string{
			challenged + "https://api.example.com" + document, inserted + "/mcp", appended + "/mcp" + document,
		}},
		"several challenges": {"https://api.example.com", []string{
			`Basic realm="x", Bearer realm="y, z", resource_metadata=https://a.example.com/1`, `DPoP algs="ES256", resource_metadata="https://a.example.com/2"`,
		}, []string{challenged + "https://a.example.com/1", challenged + "https://a.example.com/2", inserted}},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, locationsOf(t, c.api, c.challenges...)) })
	}
}

func TestDiscovery_ChallengesThatNameNothingToAskFor(t *testing.T) {
	for given, why := range map[string]string{
		`Bearer resource_metadata="/relative"`:                                              "it is not an absolute https URL",
		`Bearer resource_metadata="file:///etc/passwd"`:                                     "it is not an absolute https URL",
		`Bearer resource_metadata="https://user:pw@a.example.com/"`:                         "it holds a name or password",
		`Bearer resource_metadata="https://a.example.com/#x"`:                               "it has a fragment",
		`Bearer resource_metadata="https:///x"`:                                             "it has no host",
		`Bearer resource_metadata="https://a.example.com/;$(x)'"`:                           "characters that no URL may have",
		`Bearer resource_metadata="https://a.example.com/` + strings.Repeat("x", 600) + `"`: "longer than 512 bytes",
		`Bearer resource_metadata="https://a/1", resource_metadata="https://b/2"`:           "two different resource_metadata",
	} {
		locations, found := ResourceLocations(parsed(t, "https://api.example.com"), Challenges(http.Header{"Www-Authenticate": {given}}))
		require.Len(t, locations, 1, given)
		require.Len(t, found, 1, given)
		require.Contains(t, found[0].Cause, why)
		require.NotEmpty(t, found[0].Remedy)
	}
	many := http.Header{}
	for _, n := range "12345678" {
		many.Add("WWW-Authenticate", `Bearer resource_metadata="https://a.example.com/`+string(n)+`"`)
	}
	locations, _ := ResourceLocations(parsed(t, "https://api.example.com"), Challenges(many))
	require.Len(t, locations, maxLocations+1)
}

func TestDiscovery_Challenges(t *testing.T) {
	read := Challenges(http.Header{"Www-Authenticate": {
		`Bearer error="insufficient_scope", scope="files:read files:write", RESOURCE_METADATA="https://a.example.com/m"`,
		`Negotiate`, strings.Repeat("x", maxHeader+1),
	}})
	require.Equal(t, []Challenge{
		{Scheme: "Bearer", Error: "insufficient_scope", Scopes: []string{"files:read", "files:write"}, Metadata: "https://a.example.com/m"},
		{Scheme: "Negotiate"},
	}, read)
	require.True(t, (&Challenge{Scheme: "bearer"}).Is("Bearer"))
	require.Empty(t, Challenges(http.Header{}))
	require.Len(t, Challenges(http.Header{"Www-Authenticate": {strings.Repeat("Scheme ", 50)}}), maxChallenges)
}
