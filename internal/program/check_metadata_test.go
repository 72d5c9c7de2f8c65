package program

import (
	"testing"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestCheck_Metadata(t *testing.T) {
	for name, d := range map[string]diagnosed{
		"a trailing slash": {
			place: place{metadata: metadataWith("")}, args: []string{"--issuer", "SELF/"},
			code: exit.Usage, step: "metadata", says: []string{"it is that of another issuer", `remedy: set --issuer to "http://127.0.0.1:`, "to the last character"},
		},
		"none": {
			args: []string{"--issuer", "SELF"},
			code: exit.Denied, step: "metadata", says: []string{"404 Not Found", "is it the right --issuer? If it has none, set --token-url"},
		},
		"no such method": {
			place: place{metadata: metadataWith(`,"token_endpoint_auth_methods_supported":["private_key_jwt","client_secret_post"]`)},
			code:  exit.Usage, step: "metadata",
			says: []string{"the server does not take client_secret_basic, but private_key_jwt, client_secret_post", "remedy: choose an --auth-style that the server has"},
		},
		"no such grant": {
			place: place{metadata: metadataWith(`,"grant_types_supported":["authorization_code"]`)},
			code:  exit.OK, says: []string{"✓ metadata", "grant types: authorization_code\n"},
		},
		"no such scope": {
			place: place{metadata: metadataWith(`,"scopes_supported":["read"]`)}, args: []string{"--scope", "read", "--scope", "write"},
			code: exit.OK, says: []string{"✓ metadata", "scopes: read\n"},
		},
	} {
		t.Run(name, d.test)
	}
}
