package discovery

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

// Whatever an API sends, reading it ends, what comes out can be printed and pasted, and no authorization server of the
// API's becomes a setting.
func FuzzDiscovery_WhateverAnAPISends(f *testing.F) {
	f.Add(`Bearer resource_metadata="https://a.example.com/m", scope="a b"`, `{"resource":"https://api.example.com/mcp","authorization_servers":["https://as.example.com"]}`,
		`{"issuer":"https://as.example.com","token_endpoint":"https://as.example.com/token"}`, "https://api.example.com/mcp")
	f.Add(`Basic realm="x", DPoP algs=ES256;Bearer scope="`, `{"resource":"https://api.example.com","scopes_supported":["a\u0000"]}`, `{"issuer":7}`, "https://api.example.com/?q#f")
	f.Fuzz(func(t *testing.T, challenge, resource, server, api string) {
		u, err := url.Parse(api)
		if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
			return
		}
		r := &Report{API: u, Challenges: Challenges(http.Header{"Www-Authenticate": {challenge}})}
		locations, _ := ResourceLocations(u, r.Challenges)
		require.LessOrEqual(t, len(locations), maxLocations+5)
		for _, l := range locations {
			if _, err := Address(l.URL); l.Why == Challenged {
				require.NoError(t, err)
			}
		}
		if document, err := ParseResource([]byte(resource)); err == nil && MatchResource(document.ID, u) != Other {
			r.Resource = document
			require.LessOrEqual(t, len(document.Servers), MaxServers)
			for _, issuer := range document.Servers {
				require.NotEmpty(t, ServerLocations(issuer))
				if s, err := ParseServer([]byte(server), issuer); err == nil {
					require.Equal(t, issuer, s.Issuer)
					r.Servers = append(r.Servers, s)
				}
			}
		}
		own := Configured{Issuer: "https://own.example.com"}
		r.Findings(own)
		for _, c := range []Configuration{r.Configuration(own), r.Configuration(Configured{})} {
			for _, s := range c.Settings {
				for _, value := range s.Values {
					if s.Field == "Issuer" {
						require.Equal(t, own.Issuer, value)
					}
					if s.Field == "Scopes" || s.Field == "Resource" && r.Resource != nil {
						require.False(t, strings.ContainsFunc(value, func(c rune) bool { return c > unicode.MaxASCII || c <= ' ' || c == '"' || c == '\\' }), value)
					}
				}
				require.NotEqual(t, "TokenURL", s.Field)
			}
		}
	})
}
