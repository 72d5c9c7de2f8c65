package fetcher

import (
	"encoding/json"
	"slices"
	"strings"
)

// Metadata is what an authorization server publishes about itself (RFC 8414 section 2, OpenID Connect Discovery section
// 3), as far as it matters to a client that uses client credentials. A list is nil if the document does not have it.
type Metadata struct {
	// Issuer is the server's identifier, and equals the configured one.
	Issuer string
	// TokenEndpoint is the address that token requests go to: the alias for mutual TLS if there is one (RFC 8705
	// section 5) and a certificate is configured.
	TokenEndpoint string
	// AuthMethods and SigningAlgorithms are how a client may authenticate, and what its assertions may be signed with.
	AuthMethods, SigningAlgorithms []string
	// ProofAlgorithms is what DPoP proofs may be signed with (RFC 9449 section 5.1).
	ProofAlgorithms []string
	// GrantTypes and Scopes are those that the server lists. They need not be complete, and nothing depends on them.
	GrantTypes, Scopes []string
	// JWKS is where its public keys are; "" if the document does not have it.
	JWKS string
}

// decisiveMetadata are the members of the document on which something depends.
var decisiveMetadata = []string{
	"issuer", "token_endpoint", "mtls_endpoint_aliases", "token_endpoint_auth_methods_supported",
	"token_endpoint_auth_signing_alg_values_supported", "dpop_signing_alg_values_supported",
}

// unsuited is about a document that is not, or does not fit, what was configured.
func unsuited(hint message, format string, args ...any) *responseError {
	return &responseError{what: message{"metadata: " + format, args}, hint: hint, permanent: true}
}

// metadata reads a document and checks it against the configuration and the credentials.
func (c *Config) metadata(body []byte, creds *credentials) (*Metadata, *responseError) {
	m, problem := parseMembers(body, decisiveMetadata)
	if problem != nil {
		problem.what.format, problem.hint = "metadata: "+problem.what.format, message{}
		return nil, problem
	}
	issuer, _ := m.text("issuer")
	switch {
	case issuer == "":
		return nil, unsuited(message{}, "there is no issuer in it")
	case issuer != c.Issuer:
		return nil, unsuited(issuerHint(issuer, c.Issuer), "it is that of another issuer, %q", untrusted(issuer))
	}
	found := &Metadata{Issuer: issuer}
	found.TokenEndpoint, _ = m.text("token_endpoint")
	if alias, _ := m.object("mtls_endpoint_aliases").text("token_endpoint"); alias != "" && c.Certificate != nil {
		found.TokenEndpoint = alias
	}
	found.JWKS, _ = m.text("jwks_uri")
	for _, list := range []struct {
		name     string
		into     *[]string
		decisive bool
	}{
		{"token_endpoint_auth_methods_supported", &found.AuthMethods, c.AuthStyle.registered() != ""},
		{"token_endpoint_auth_signing_alg_values_supported", &found.SigningAlgorithms, c.AuthStyle.signs()},
		{"dpop_signing_alg_values_supported", &found.ProofAlgorithms, c.DPoP != nil},
		{"grant_types_supported", &found.GrantTypes, false},
		{"scopes_supported", &found.Scopes, false},
	} {
		values, ok := m.strings(list.name)
		if !ok && m.given(list.name) {
			if list.decisive {
				return nil, unsuited(message{}, "%s is not a list of strings", list.name)
			}
			values = m.anyStrings(list.name)
		}
		*list.into = values
	}
	if problem := c.checkTokenEndpoint(found.TokenEndpoint); problem != nil {
		return nil, problem
	}
	return found, c.checkMethods(found, creds)
}

// anyStrings returns what can be understood of a member that should be a list of strings: the strings in a list of
// other things, or the words of a string.
func (m members) anyStrings(name string) (values []string) {
	if text, ok := m.text(name); ok {
		return strings.Fields(text)
	}
	var list []any
	if json.Unmarshal(m.get(name), &list) != nil {
		return nil
	}
	for _, value := range list {
		if text, ok := value.(string); ok {
			values = append(values, text)
		}
	}
	return values
}

// issuerHint is about the most frequent mistakes.
func issuerHint(got, want string) message {
	const placeholder = "{tenantid}" // of Microsoft Entra's documents for "common" and "organizations"
	switch {
	case strings.TrimSuffix(got, "/") == strings.TrimSuffix(want, "/"):
		return message{"set {Issuer} to %q: they must be equal to the last character", []any{untrusted(got)}}
	case strings.Contains(got, placeholder):
		return message{"this document is for all tenants, and tokens come from one: set {Issuer} to %q with the tenant's id in the place of %s", []any{untrusted(got), placeholder}}
	case !documentAsIssuer(want).empty():
		return documentAsIssuer(want)
	}
	return message{format: "set {Issuer} to exactly what the server calls itself, if that is the right server"}
}

// lacks reports whether a list is there, and a value is not in it.
func lacks(list []string, value string) bool { return list != nil && !slices.Contains(list, value) }

// listed returns as much of an untrusted list as a person reads.
func listed(values []string) untrusted {
	const most = 20
	switch {
	case len(values) > most:
		return untrusted(strings.Join(values[:most], ", ") + ", ...")
	case len(values) == 0:
		return "none"
	}
	return untrusted(strings.Join(values, ", "))
}
