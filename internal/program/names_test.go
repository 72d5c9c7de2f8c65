package program

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// What the library says of its fields has to be said of what the program has.
func TestNames_AreOfThingsTheProgramHas(t *testing.T) {
	secret := write(t, "key.json", `{"kty":"oct","k":"AAAA"}`)
	for name, c := range map[string]struct {
		args    []string
		says    string
		saysNot []string
		code    int
	}{
		"a key that is a secret": {
			[]string{"--auth-style", "private_key_jwt", "--key-file", secret},
			"alf: --key-file: " + secret + `: is a symmetric JSON Web Key ("oct"): a secret goes into --client-secret-file, with client_secret_jwt` + "\n",
			[]string{"ClientSecret"}, exit.Usage,
		},
		"of DPoP": {
			[]string{"--dpop", "--dpop-key-file", secret},
			"alf: --dpop-key-file: " + secret + `: is a symmetric JSON Web Key ("oct"): a secret goes into --client-secret-file, with`,
			[]string{"ClientSecret"}, exit.Usage,
		},
		"a token of another type": {
			nil, `token_type is "mac", not "Bearer"; if the server calls its tokens so, set --token-type`,
			[]string{"TokenType"}, exit.Denied,
		},
		"a token that is not bound": {
			[]string{"--dpop"}, `token_type is "mac", not "DPoP"; the server has not bound the token to the key, as if it did not know DPoP: have that enabled for this client, or unset --dpop`,
			[]string{"unset DPoP"}, exit.Denied,
		},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIDP(t)
			i.refuse(200, `{"access_token":"x","token_type":"mac"}`)
			r := i.alf(t, append([]string{"token"}, c.args...)...)
			require.Equal(t, c.code, r.code, r.err)
			require.Contains(t, r.err, c.says)
			for _, words := range c.saysNot {
				require.NotContains(t, r.err, words)
			}
		})
	}
}

func TestNames_PathsAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "The Issuer", "ClientSecret")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(`{"kty":"oct","k":"AAAA"}`), 0o600))
	r := newIDP(t).alf(t, "token", "--auth-style", "private_key_jwt", "--key-file", path)
	require.Contains(t, r.err, "--key-file: "+path+": is a symmetric")
	require.Contains(t, r.err, "--client-secret-file")
}
