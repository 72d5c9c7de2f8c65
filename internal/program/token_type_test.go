package program

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// Apigee calls its tokens BearerToken, and the APIs behind it expect Bearer.
func TestTokenType_BearerToken(t *testing.T) {
	i := newIDP(t)
	i.refuse(200, `{"access_token":"token-a","token_type":"BearerToken","expires_in":"3599"}`)
	api := serve(t, echo)
	const hint = `if the server calls its tokens so, set --token-type to "BearerToken", and --auth-scheme to the scheme that the APIs expect, usually "Bearer"`
	r := i.alf(t, "get", api)
	require.Equal(t, exit.Denied, r.code)
	require.Contains(t, r.err, hint)
	r = i.alf(t, "check")
	require.Contains(t, r.out, "remedy: "+hint)
	require.NotContains(t, r.out, "--dpop")

	right := []string{"--token-type", "BearerToken", "--auth-scheme", "Bearer"}
	r = i.alf(t, append([]string{"get", api}, right...)...)
	require.Equal(t, exit.OK, r.code, r.err)
	require.Contains(t, r.out, "authorization=Bearer token-a\n")
	require.Equal(t, "Authorization: Bearer token-a\n", i.alf(t, append([]string{"token", "-o", "header"}, right...)...).out)
	r = i.alf(t, append([]string{"check", "--api", api}, right...)...)
	require.Equal(t, exit.OK, r.code, r.out)
	config := write(t, "config.json", `{"token_type": "BearerToken", "auth_scheme": "Bearer"}`)
	require.Equal(t, "token-a\n", i.alf(t, "token", "--config", config).out)
}
