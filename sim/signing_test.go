package sim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// keySet is what an API that verifies tokens by itself reads.
func (p *place) keySet() (set jose.JSONWebKeySet) {
	p.Helper()
	document, err := json.Marshal(p.read(strings.TrimSuffix(p.token, sim.TokenPath) + sim.JWKSPath))
	require.NoError(p, err)
	require.NoError(p, json.Unmarshal(document, &set))
	for _, key := range set.Keys {
		require.True(p, key.IsPublic())
	}
	return set
}

// verified is what an API makes of a token; false if no key of the set has signed it.
func verified(t require.TestingT, set jose.JSONWebKeySet, token string) (claims map[string]any, ok bool) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	require.NoError(t, err)
	require.Equal(t, "at+jwt", parsed.Headers[0].ExtraHeaders[jose.HeaderType])
	return claims, parsed.Claims(set, &claims) == nil
}

// Tokens are JSON Web Tokens as RFC 9068 has them, which an API can verify by the server's keys.
func TestJWT_TokensAreVerifiedByTheKeysOfTheServer(t *testing.T) {
	everywhere(t, sim.Options{JWT: true, Lifetime: time.Hour}, func(p *place) {
		token := p.fetch()
		claims, ok := verified(p, p.keySet(), token.Token)
		require.True(p, ok)
		issuer := strings.TrimSuffix(p.token, sim.TokenPath)
		require.Equal(p, issuer, claims["iss"])
		require.Equal(p, issuer, claims["aud"])
		require.Equal(p, "client-1", claims["sub"])
		require.Equal(p, "client-1", claims["client_id"])
		require.Equal(p, "tea.buy", claims["scope"])
		require.Equal(p, "sim-1", claims["jti"])
		require.EqualValues(p, 3600, claims["exp"].(float64)-claims["iat"].(float64))
		p.wantStatus(token.Token, http.StatusOK)
		p.wantStatus(token.Token[:len(token.Token)-6]+"AAAAAA", http.StatusUnauthorized)

		other := sim.New(sim.Options{JWT: true})
		_, ok = verified(p, p.keySet(), other.Issue(time.Hour))
		require.False(p, ok)
	})
}

// The JWKS have a new key at once, and the old one for as long as the API accepts its tokens.
func TestRollKeys_IsSeenInTheJWKS(t *testing.T) {
	onMocks(t, sim.Options{JWT: true}, func(p *place) {
		before := p.fetch().Token
		first := p.keySet()
		require.Len(p, first.Keys, 1)
		p.RollKeys(tick)
		after := p.fetch().Token
		require.Len(p, p.keySet().Keys, 2)
		for _, token := range []string{before, after} {
			_, ok := verified(p, p.keySet(), token)
			require.True(p, ok)
		}
		_, ok := verified(p, first, after)
		require.False(p, ok, "an API that has kept the old set")
		p.pass(2 * tick)
		require.Len(p, p.keySet().Keys, 1)
		_, ok = verified(p, p.keySet(), before)
		require.False(p, ok)
		_, ok = verified(p, p.keySet(), after)
		require.True(p, ok)
		p.wantStatus(before, http.StatusUnauthorized)
		p.wantStatus(after, http.StatusOK)
	})
}

// The claims say for whom and what a token is, and what it is bound to.
func TestJWT_ClaimsOfAConfiguredClient(t *testing.T) {
	inEveryWay(t, sim.Options{JWT: true}, func(c *configured) {
		cfg := production(c.T, alf.AuthSelfSignedTLS, c.server)
		cfg.TokenURL, cfg.Issuer, cfg.DPoP = "", productionIssuer, &alf.DPoP{}
		cfg.Audience, cfg.Resource = nil, []string{"https://stock.example.com", "https://orders.example.com"}
		token, err := c.client(cfg).Token(c.Context())
		require.NoError(c, err)
		parsed, err := jwt.ParseSigned(token.Value(), []jose.SignatureAlgorithm{jose.ES256})
		require.NoError(c, err)
		var claims map[string]any
		require.NoError(c, parsed.UnsafeClaimsWithoutVerification(&claims))
		require.Equal(c, productionIssuer, claims["iss"])
		require.Equal(c, []any{"https://stock.example.com", "https://orders.example.com"}, claims["aud"])
		require.Equal(c, "stock.read", claims["scope"])
		require.Contains(c, claims["cnf"], "jkt")
		require.Contains(c, claims["cnf"], "x5t#S256")
	})
}
