package program

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestCheck_AllIsWell(t *testing.T) {
	claims := ordinaryClaims()
	p := place{
		tls:      true,
		claims:   claims,
		metadata: metadataWith(`,"token_endpoint_auth_methods_supported":["client_secret_basic"],"scopes_supported":["read"]`),
		api: func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+jwtOf(claims) {
				w.WriteHeader(http.StatusTeapot)
			}
		},
	}
	r := p.check(t, "--api", "SELF/api?key=hidden", "--scope", "read", "--audience", "https://api.example.com")
	require.Equal(t, exit.OK, r.code, r.out)
	require.Empty(t, r.err)
	for _, line := range []string{
		"✓ settings     https://127.0.0.1:", `client "me", by client_secret_basic`, "scope: read", "audience: https://api.example.com",
		"✓ credentials  ready\n", "secret: from ALF_CLIENT_SECRET\n",
		"✓ name         127.0.0.1 is an address\n", "✓ connection   to 127.0.0.1:", "✓ TLS          TLS 1.3, certificate of example.com by O=Acme Co\n",
		"valid until 2084-", "✓ HTTP         responds in ", "✓ clock        agrees with the server's to 1 second\n",
		"✓ metadata     the token endpoint is https://127.0.0.1:", "authentication methods: client_secret_basic\n",
		"✓ authenticate a token in ", "✓ token        Bearer, for 60 minutes\n",
		"header: alg RS256, typ at+jwt, kid 2025\n", "iss       https://idp.example.com\n", "sub       me\n", "aud       https://api.example.com\n",
		"scope     read\n", "iat       20", "exp       20", ", in 60 minutes\n",
		"✓ API          200 OK from https://127.0.0.1:",
	} {
		require.Contains(t, r.out, line)
	}
	require.NotContains(t, r.out, "hidden")
	require.NotContains(t, r.out, "!")
	require.NotContains(t, r.out, "cause")
}

// A reader who looks for a step that is left out finds none.
func TestCheck_OnlyStepsThatApply(t *testing.T) {
	r := place{}.check(t)
	require.Equal(t, exit.OK, r.code, r.out)
	for _, step := range []string{"TLS", "metadata", "API"} {
		require.NotContains(t, r.out, "✓ "+step)
		require.NotContains(t, r.out, "– "+step)
	}
}

func TestCheck_MarksOfOtherLocales(t *testing.T) {
	for value, tick := range map[string]string{"C": "+ ", "de_DE.ISO-8859-1": "+ ", "C.UTF-8": "✓ ", "de_DE.utf8": "✓ "} {
		r := place{env: map[string]string{"LC_ALL": value}}.check(t)
		require.True(t, strings.HasPrefix(r.out, tick+"settings"), r.out)
	}
}

func TestCheck_Interrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	i := newIDP(t)
	i.respond = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	require.Equal(t, exit.Interrupted, alfIn(t, invocation{env: i.configured(), ctx: ctx}, "check").code)
}

func TestCheck_AnUnwrittenFindingIsAnError(t *testing.T) {
	i := newIDP(t)
	code := run(t.Context(), []string{"alf", "check"}, nil, broken{}, io.Discard, environmentOf(i.configured()))
	require.Equal(t, exit.Broken, code)
}

func TestCheck_WrongUse(t *testing.T) {
	r := alfIn(t, invocation{}, "check", "x")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "unexpected argument")
	require.Empty(t, r.out)
}
