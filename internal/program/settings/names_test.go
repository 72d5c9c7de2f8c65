package settings

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames_OnlyFieldsAreReplaced(t *testing.T) {
	names := All().Names()
	require.Equal(t, "--token-url: missing, add it to --allow-http (--origin) with --auth-style x",
		names.In("TokenURL: missing, add it to Config.AllowHTTP (Origins) with AuthStyle x"))
	require.Equal(t, "--cert-file: set --assertion-audience, --dpop-algorithm or --issuer", names.In("Certificate: set Assertion.Audience, DPoP.Algorithm or Issuer"))
	require.Equal(t, `the server wants DPoP proofs: set --dpop`, names.In("the server wants DPoP proofs: set DPoP"))
	for _, theirs := range []string{`"the Issuer said \"no Audience\""`, "the DPoP proof", `https://idp/TokenURL`, `"TokenURL"`, "Unauthorized", "MyOrigins"} {
		require.Equal(t, theirs, names.In(theirs))
	}
}
