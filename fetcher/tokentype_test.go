package fetcher_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
)

func TestF1_TheTypeReturnedAndTheSchemeSentAreTwoSettings(t *testing.T) {
	for name, c := range map[string]struct {
		returned, tokenType, scheme string
		want                        string
	}{
		"Apigee":            {`"BearerToken"`, "BearerToken", "Bearer", "Bearer"},
		"its own case":      {`"bearertoken"`, "BearerToken", "bearer", "Bearer"},
		"a URN":             {`"urn:ietf:params:oauth:token-type:access_token"`, "urn:ietf:params:oauth:token-type:access_token", "Bearer", "Bearer"},
		"words":             {`"Bearer Token"`, "bearer token", "Bearer", "Bearer"},
		"one setting alone": {`"Custom"`, "custom", "", "custom"},
		"another scheme":    {`"Bearer"`, "", "OAuth", "OAuth"},
		"missing":           {`""`, "", "OAuth", "OAuth"},
	} {
		cfg := config(always(200, typed(c.returned)))
		cfg.TokenType, cfg.AuthScheme = c.tokenType, c.scheme
		token := mustFetch(t, cfg)
		require.Equal(t, c.want, token.TokenType, name)
	}
}

func TestF1_AnUnexpectedTypeNamesBothSettings(t *testing.T) {
	e := mustFail(t, config(always(200, typed(`"BearerToken"`))))
	require.ErrorIs(t, e, fetcher.ErrTokenType)
	require.True(t, e.Permanent())
	require.Equal(t, `if the server calls its tokens so, set TokenType to "BearerToken", and AuthScheme to the scheme that the APIs expect, usually "Bearer"`, e.Hint)
	e = mustFail(t, config(always(200, typed(`"DPoP"`))))
	require.Equal(t, "the server binds tokens to a key: set DPoP", e.Hint)
}

func TestF1_SchemesThatCannotBe(t *testing.T) {
	for _, c := range []struct {
		tokenType, scheme string
		proofs            bool
		want              string
	}{
		{"", "Bearer ", false, `AuthScheme: "Bearer " is not the name of an authentication scheme: leave it empty for Bearer`},
		{"urn:x", "", false, `TokenType: "urn:x" is not the name of a token type that could be sent as a scheme: set AuthScheme`},
		{"", "Bearer", true, `AuthScheme: "Bearer" is not the scheme of tokens that are bound by DPoP: leave it empty, or unset DPoP`},
	} {
		cfg := config(nil)
		cfg.TokenType, cfg.AuthScheme = c.tokenType, c.scheme
		if c.proofs {
			cfg.DPoP = new(dpop.Prover)
		}
		require.ErrorContains(t, cfg.Validate(), c.want)
	}
}
