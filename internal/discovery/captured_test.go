package discovery

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What servers publish, byte for byte except for their addresses: interop/record_test.go captures it, and compares it
// with the servers themselves.
func TestDiscovery_Captured(t *testing.T) {
	files, err := filepath.Glob("testdata/recorded/*.json")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 4)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		var r struct{ Software, API, Challenge, Resource, Issuer, Server string }
		require.NoError(t, json.Unmarshal(content, &r))
		t.Run(r.Software, func(t *testing.T) {
			require.NotContains(t, string(content), "127.0.0.1")
			if r.Server != "" {
				s, err := ParseServer([]byte(r.Server), r.Issuer)
				require.NoError(t, err)
				require.Equal(t, r.Issuer, s.Issuer)
				require.NotEmpty(t, s.TokenEndpoint)
			}
			if r.Resource == "" {
				return
			}
			api := parsed(t, r.API)
			challenges := Challenges(http.Header{"Www-Authenticate": {r.Challenge}})
			require.NotEmpty(t, challenges)
			locations, found := ResourceLocations(api, challenges)
			require.Empty(t, found)
			require.Contains(t, r.Challenge, locations[0].URL)
			document, err := ParseResource([]byte(r.Resource))
			require.NoError(t, err)
			require.NotEqual(t, Other, MatchResource(document.ID, api))
			require.NotEmpty(t, document.Servers)
		})
	}
}
