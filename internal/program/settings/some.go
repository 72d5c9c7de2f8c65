package settings

import (
	"net/http"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/program/exit"
)

// ReadSome is [Read] for a command that makes no client: none of the settings is required, no credentials are read, and
// standard input is left alone.
func ReadSome(cmd *cli.Command, t Table, env *Environment) (*Values, error) {
	var problems exit.Problems
	v, err := readGiven(cmd, t, env, nil, &problems)
	if err != nil {
		return nil, err
	}
	return v, problems.Err()
}

// Transport makes one that trusts the authorities that are configured. It presents no certificate and sends no
// credentials.
func (v *Values) Transport() (*http.Transport, error) {
	base, _, err := v.transport()
	return base, err
}

// Configured is what the settings say about an API's authorization server and about what is requested there.
func (v *Values) Configured() discovery.Configured {
	c := discovery.Configured{
		Issuer: v.Config.Issuer, TokenURL: v.Config.TokenURL, ClientID: v.Config.ClientID,
		SecretFile: string(v.ClientSecretFile), Key: string(v.KeyFile), KeyID: v.KeyID,
		Assertion: string(v.AssertionFile), Certificate: string(v.CertFile), CertificateKey: string(v.CertKeyFile),
		Scopes: v.Config.Scopes, Audience: v.Config.Audience, Resource: v.Config.Resource, DPoP: v.DPoP,
	}
	if v.given("auth_style") {
		c.AuthStyle = v.Config.AuthStyle.String()
	} else if style, err := v.impliedStyle(); err == nil && style != alf.AuthBasic {
		c.AuthStyle = style.String()
	}
	return c
}

// Key is the name that the setting of a field has in the configuration file.
func (t Table) Key(field string) string {
	for i := range t {
		if t[i].Field == field {
			return t[i].Name
		}
	}
	panic("bug: no setting has the field " + field)
}
