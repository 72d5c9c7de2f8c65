package fetcher

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// Metadata is what an authorization server says of itself (RFC 8414 section 2,
// OpenID Connect Discovery section 3), as far as it matters to a client that
// uses client credentials. A list that is nil was not there.
type Metadata struct {
	// Issuer is the server's identifier, and equals the configured one.
	Issuer string
	// TokenEndpoint is the address that token requests go to: the alias for
	// mutual TLS if there is one (RFC 8705 section 5) and a certificate is
	// configured.
	TokenEndpoint string
	// AuthMethods and SigningAlgorithms are how a client may prove itself, and
	// what its assertions may be signed with.
	AuthMethods, SigningAlgorithms []string
	// ProofAlgorithms is what DPoP proofs may be signed with (RFC 9449
	// section 5.1).
	ProofAlgorithms []string
	// GrantTypes and Scopes are those that the server admits to.
	GrantTypes, Scopes []string
	// JWKS is where its public keys are, "" if it does not say.
	JWKS string
}

// described are the members of the document that decide something.
var described = []string{
	"issuer", "token_endpoint", "mtls_endpoint_aliases", "token_endpoint_auth_methods_supported",
	"token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported",
	"grant_types_supported", "scopes_supported", "jwks_uri",
}

// unsuited is a document that is not, or does not fit, what was configured.
func unsuited(hint, format string, args ...any) *defect {
	return &defect{what: "metadata: " + fmt.Sprintf(format, args...), hint: hint, permanent: true}
}

// metadata reads a document and judges it by the configuration, and by what
// the client proves itself with.
func (c *Config) metadata(body []byte, who *identity) (*Metadata, *defect) {
	m, flaw := parseMembers(body, described)
	if flaw != nil {
		flaw.what, flaw.hint = "metadata: "+flaw.what, ""
		return nil, flaw
	}
	issuer, _ := m.text("issuer")
	switch {
	case issuer == "":
		return nil, unsuited("", "there is no issuer in it")
	case issuer != c.Issuer:
		return nil, unsuited(issuerHint(issuer, c.Issuer), "it is that of another issuer, %q", issuer)
	}
	found := &Metadata{Issuer: issuer}
	found.TokenEndpoint, _ = m.text("token_endpoint")
	if alias := m.mtlsTokenEndpoint(); alias != "" && c.Certificate != nil {
		found.TokenEndpoint = alias
	}
	found.JWKS, _ = m.text("jwks_uri")
	for _, list := range []struct {
		name string
		into *[]string
	}{
		{"token_endpoint_auth_methods_supported", &found.AuthMethods},
		{"token_endpoint_auth_signing_alg_values_supported", &found.SigningAlgorithms},
		{"dpop_signing_alg_values_supported", &found.ProofAlgorithms},
		{"grant_types_supported", &found.GrantTypes},
		{"scopes_supported", &found.Scopes},
	} {
		if m.given(list.name) && json.Unmarshal(m[list.name], list.into) != nil {
			return nil, unsuited("", "%s is not a list of strings", list.name)
		}
	}
	if flaw := c.checkTokenEndpoint(found.TokenEndpoint); flaw != nil {
		return nil, flaw
	}
	return found, c.checkMethods(found, who)
}

// issuerHint knows the commonest mistake.
func issuerHint(got, want string) string {
	if strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/") {
		return fmt.Sprintf("set Issuer to %q: they must be equal to the last character", got)
	}
	return "set Issuer to exactly what the server calls itself, if that is the right server"
}

func (m members) mtlsTokenEndpoint() string {
	var aliases map[string]json.RawMessage
	if !m.given("mtls_endpoint_aliases") || json.Unmarshal(m["mtls_endpoint_aliases"], &aliases) != nil {
		return ""
	}
	alias, _ := members(aliases).text("token_endpoint")
	return alias
}

// longestAddress is more than any has, and fit to be printed.
const longestAddress = 512

// checkTokenEndpoint holds what a server says to what a user may configure.
func (c *Config) checkTokenEndpoint(address string) *defect {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return unsuited("is this the issuer of a server that hands out tokens?", "there is no token_endpoint in it")
	case err != nil, len(address) > longestAddress, u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", u.User != nil, u.Fragment != "":
		return unsuited("", "its token_endpoint is not an address of a token endpoint")
	case c.DPoP != nil && !wire.ASCIIHost(u):
		return unsuited("have the server name it in Punycode (\"xn--...\")", "the host of its token_endpoint is not in ASCII, so that no DPoP proof fits it")
	case !wire.PlainHTTPAllowed(u, c.AllowHTTP):
		return unsuited(fmt.Sprintf("have the server name an https address, or list %q in AllowHTTP", u.Host),
			"its token_endpoint is plain http, which would send what proves the client in the clear")
	}
	return nil
}

// checkMethods compares the server's lists with what is configured. A list
// that is not there tells nothing: by the letter of RFC 8414 it would mean the
// default alone, but servers leave it out that take more.
func (c *Config) checkMethods(m *Metadata, who *identity) *defect {
	if method := c.AuthStyle.registered(); method != "" && lacks(m.AuthMethods, method) {
		return unsuited("choose an AuthStyle that the server has; if its metadata are wrong, set TokenURL instead",
			"the server does not take %s, but %s", method, listed(m.AuthMethods))
	}
	algorithm := ""
	switch c.AuthStyle {
	case SecretJWT:
		algorithm = c.secretAlgorithm()
	case PrivateKeyJWT:
		algorithm = string(c.keyAlgorithm(who.key, m.SigningAlgorithms))
	}
	if algorithm != "" && lacks(m.SigningAlgorithms, algorithm) {
		return unsuited("choose an Assertion.Algorithm, or a key, that the server has",
			"the server takes no assertion signed with %s, but with %s", algorithm, listed(m.SigningAlgorithms))
	}
	if who.proof != nil && lacks(m.ProofAlgorithms, string(who.proof.Algorithm())) {
		return unsuited("choose a DPoP.Algorithm, or a DPoP.Key, that the server has",
			"the server takes no DPoP proof signed with %s, but with %s", who.proof.Algorithm(), listed(m.ProofAlgorithms))
	}
	return nil
}

// lacks reports whether a list is there, and a value is not in it.
func lacks(list []string, value string) bool { return list != nil && !slices.Contains(list, value) }

// listed shows as much of a foreign list as a person reads.
func listed(values []string) string {
	const most = 20
	if len(values) > most {
		return strings.Join(values[:most], ", ") + ", ..."
	}
	if len(values) == 0 {
		return "none"
	}
	return strings.Join(values, ", ")
}
