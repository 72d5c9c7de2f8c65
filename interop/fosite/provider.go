package fosite

import (
	"context"
	"crypto/ecdsa"
	"strings"
	"time"

	"github.com/ory/fosite"
	"github.com/ory/fosite/compose"
	"github.com/ory/fosite/handler/oauth2"
	"github.com/ory/fosite/token/jwt"
)

func newProvider(s *store, tokenURL string, secret []byte, key *ecdsa.PrivateKey) fosite.OAuth2Provider {
	config := &fosite.Config{
		TokenURL:                      tokenURL,
		AccessTokenIssuer:             strings.TrimSuffix(tokenURL, "/token"),
		GlobalSecret:                  secret,
		ScopeStrategy:                 fosite.ExactScopeStrategy,
		DisableRefreshTokenValidation: true, // there are none
		HashCost:                      hashCost,
	}
	// By default it is set by the first requests that need it, in a race.
	config.ClientSecretsHasher = &fosite.BCrypt{Config: config}
	keys := func(context.Context) (any, error) { return key, nil }
	opaque := compose.NewOAuth2HMACStrategy(config)
	return compose.Compose(config, s, &strategy{opaque, compose.NewOAuth2JWTStrategy(keys, opaque, config)},
		compose.OAuth2ClientCredentialsGrantFactory,
		compose.OAuth2TokenIntrospectionFactory,
		compose.OAuth2TokenRevocationFactory,
	)
}

// strategy gives each client the kind of access token it is registered for.
type strategy struct {
	*oauth2.HMACSHAStrategy
	jwt *oauth2.DefaultJWTStrategy
}

func isJWT(token string) bool { return strings.Count(token, ".") == 2 }

func (s *strategy) GenerateAccessToken(ctx context.Context, request fosite.Requester) (token, signature string, err error) {
	if c, ok := request.GetClient().(*client); ok && c.account.jwt {
		return s.jwt.GenerateAccessToken(ctx, request)
	}
	return s.HMACSHAStrategy.GenerateAccessToken(ctx, request)
}

func (s *strategy) AccessTokenSignature(ctx context.Context, token string) string {
	if isJWT(token) {
		return s.jwt.AccessTokenSignature(ctx, token)
	}
	return s.HMACSHAStrategy.AccessTokenSignature(ctx, token)
}

func (s *strategy) ValidateAccessToken(ctx context.Context, request fosite.Requester, token string) error {
	if isJWT(token) {
		return s.jwt.ValidateAccessToken(ctx, request, token)
	}
	return s.HMACSHAStrategy.ValidateAccessToken(ctx, request, token)
}

// newSession holds what a token request leaves behind.
func newSession() *oauth2.JWTSession {
	return &oauth2.JWTSession{
		JWTClaims: &jwt.JWTClaims{},
		JWTHeader: &jwt.Headers{},
		ExpiresAt: map[fosite.TokenType]time.Time{},
	}
}
