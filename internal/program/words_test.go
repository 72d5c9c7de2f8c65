package program

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestWords_NoOneElsesAreChanged(t *testing.T) {
	require.Equal(t, "--token-url: missing, add it to --allow-http (--origin) with --auth-style x",
		inFlags("TokenURL: missing, add it to Config.AllowHTTP (Origins) with AuthStyle x"))
	require.Equal(t, "--cert-file: set --assertion-audience, --dpop-algorithm or --issuer", inFlags("Certificate: set Assertion.Audience, DPoP.Algorithm or Issuer"))
	require.Equal(t, `the server wants DPoP proofs: set --dpop`, inFlags("the server wants DPoP proofs: set DPoP"))
	for _, theirs := range []string{`"the Issuer said \"no Audience\""`, "the DPoP proof", `https://idp/TokenURL`, `"TokenURL"`, "Unauthorized", "MyOrigins"} {
		require.Equal(t, theirs, inFlags(theirs))
	}
}

// What the library says of its fields has to be said of what the program has.
func TestWords_AreOfThingsTheProgramHas(t *testing.T) {
	secret := write(t, "key.json", `{"kty":"oct","k":"AAAA"}`)
	for name, c := range map[string]struct {
		args    []string
		says    string
		saysNot []string
		code    int
	}{
		"a key that is a secret": {
			[]string{"--auth-style", "private_key_jwt", "--key-file", secret},
			"alf: --key-file: " + secret + `: is a symmetric JSON Web Key ("oct"): a secret goes into a file for --secret-file, with --auth-style client_secret_jwt` + "\n",
			[]string{"ClientSecret"}, exitUsage,
		},
		"of DPoP": {
			[]string{"--dpop", "--dpop-key-file", secret},
			"alf: --dpop-key-file: " + secret + `: is a symmetric JSON Web Key ("oct"): a secret goes into a file for --secret-file`,
			[]string{"ClientSecret"}, exitUsage,
		},
		"a token of another type": {
			nil, `token_type is "mac", not "Bearer"; have the server hand out Bearer tokens, or set --dpop if they are to be bound to a key`,
			[]string{"TokenType"}, exitDenied,
		},
		"a token that is not bound": {
			[]string{"--dpop"}, `token_type is "mac", not "DPoP"; the server has not bound the token to the key, as if it knew no DPoP: have that enabled for this client, or remove --dpop`,
			[]string{"unset"}, exitDenied,
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

func TestWords_PathsAreLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "The Issuer", "ClientSecret")
	require.NoError(t, os.Mkdir(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(`{"kty":"oct","k":"AAAA"}`), 0o600))
	r := newIDP(t).alf(t, "token", "--auth-style", "private_key_jwt", "--key-file", path)
	require.Contains(t, r.err, "--key-file: "+path+": is a symmetric")
	require.Contains(t, r.err, "--secret-file")
}
