package check

import (
	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

// fetcherConfig is the part of a client's configuration that is about the token endpoint: every field of the fetcher's own,
// as a test makes sure of.
func fetcherConfig(c *alf.Config) fetcher.Config {
	return fetcher.Config{
		TokenURL: c.TokenURL, Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret,
		Scopes: c.Scopes, Audience: c.Audience, Resource: c.Resource, Params: c.Params,
		AuthStyle: c.AuthStyle, Assertion: c.Assertion, Certificate: c.Certificate, DPoP: c.DPoP,
		TokenType: c.TokenType, StrictTokenType: c.StrictTokenType, StrictScope: c.StrictScope,
		AllowHTTP: c.AllowHTTP, Clock: c.Clock,
		TokenRequest: c.TokenRequest,
	}
}
