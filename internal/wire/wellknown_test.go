package wire

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// RFC 8414 section 3.1 inserts, OpenID Connect Discovery section 4.1 appends, and servers do both the other way round.
func TestF8_LocationsOfServerMetadata(t *testing.T) {
	for issuer, want := range map[string][]string{
		"https://example.com": {
			"https://example.com/.well-known/oauth-authorization-server",
			"https://example.com/.well-known/openid-configuration",
		},
		"https://example.com/": {
			"https://example.com/.well-known/oauth-authorization-server",
			"https://example.com/.well-known/openid-configuration",
		},
		"https://example.com:8443/issuer1": {
			"https://example.com:8443/.well-known/oauth-authorization-server/issuer1",
			"https://example.com:8443/issuer1/.well-known/openid-configuration",
			"https://example.com:8443/.well-known/openid-configuration/issuer1",
			"https://example.com:8443/issuer1/.well-known/oauth-authorization-server",
		},
		"https://example.com/a%2Fb/c/": {
			"https://example.com/.well-known/oauth-authorization-server/a%2Fb/c",
			"https://example.com/a%2Fb/c/.well-known/openid-configuration",
			"https://example.com/.well-known/openid-configuration/a%2Fb/c",
			"https://example.com/a%2Fb/c/.well-known/oauth-authorization-server",
		},
		"https://exa mple.com": nil,
	} {
		require.Equal(t, want, ServerMetadata(issuer), issuer)
	}
}
