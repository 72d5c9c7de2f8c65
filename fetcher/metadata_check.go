package fetcher

import (
	"net/url"

	"github.com/alf-go/alf/internal/wire"
)

// longestAddress is more than any has, in bytes, and fit to be printed.
const longestAddress = 512

// checkTokenEndpoint requires of the token endpoint in a document what is required of a configured one.
func (c *Config) checkTokenEndpoint(address string) *responseError {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return unsuited(message{format: "is this the issuer of a server that issues tokens?"}, "there is no token_endpoint in it")
	case err != nil, len(address) > longestAddress, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.User != nil, u.Fragment != "":
		return unsuited(message{}, "its token_endpoint is not an address of a token endpoint")
	case c.DPoP != nil && !wire.ASCIIHost(u):
		return unsuited(message{format: `have the server name it in Punycode ("xn--...")`}, "the host of its token_endpoint is not in ASCII, so that no DPoP proof fits it")
	case !wire.PlainHTTPAllowed(u, c.AllowHTTP):
		return unsuited(message{"have the server name an https address, or list %q in {AllowHTTP}", []any{untrusted(u.Host)}},
			"its token_endpoint is plain http, which would send client credentials in the clear")
	}
	return nil
}

// checkMethods compares the server's lists with what is configured. A list that is not there says nothing: by the
// letter of RFC 8414 it would mean the default alone, but servers leave it out that accept more.
func (c *Config) checkMethods(m *Metadata, creds *credentials) *responseError {
	if method := c.AuthStyle.registered(); method != "" && lacks(m.AuthMethods, method) {
		return unsuited(message{format: "choose an {AuthStyle} that the server has; if its metadata are wrong, set {TokenURL} instead"},
			"the server does not take %s, but %s", method, listed(m.AuthMethods))
	}
	algorithm := ""
	switch c.AuthStyle {
	case SecretJWT:
		algorithm = c.secretAlgorithm()
	case PrivateKeyJWT:
		algorithm = string(c.keyAlgorithm(creds.key, m.SigningAlgorithms))
	}
	if algorithm != "" && lacks(m.SigningAlgorithms, algorithm) {
		return unsuited(message{format: "choose an {Assertion.Algorithm}, or a key, that the server has"},
			"the server takes no assertion signed with %s, but with %s", algorithm, listed(m.SigningAlgorithms))
	}
	if creds.proofKey != nil && lacks(m.ProofAlgorithms, string(creds.proofKey.Algorithm())) {
		return unsuited(message{format: "choose a {DPoP.Algorithm}, or a {DPoP.Key}, that the server has"},
			"the server takes no DPoP proof signed with %s, but with %s", creds.proofKey.Algorithm(), listed(m.ProofAlgorithms))
	}
	return nil
}
