package discovery

import (
	"errors"
	"fmt"
	"strings"
)

// Server is the metadata of an authorization server (RFC 8414 section 2), as far as they matter to a client that uses
// client credentials. A list is nil if the document does not have it.
type Server struct {
	// Issuer is the server's identifier.
	Issuer string
	// TokenEndpoint is where token requests go; "" if the server has none.
	TokenEndpoint string
	// Methods are how a client may authenticate, and Grants what it may use.
	Methods, Grants []string
	// Scopes are those that the server lists. They need not be complete.
	Scopes []string
	// Resources are the APIs that the server lists (protected_resources, RFC 9728 section 4).
	Resources []string
	// ProofAlgorithms are what DPoP proofs may be signed with (RFC 9449 section 5.1).
	ProofAlgorithms []string
}

// ErrOtherIssuer is about a document that belongs to another issuer, and must not be used (RFC 8414 section 3.3).
var ErrOtherIssuer = errors.New("it is that of another issuer")

// ParseServer reads the document of an issuer. An error says what makes it unusable.
func ParseServer(body []byte, of string) (*Server, error) {
	m, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	s := new(Server)
	if s.Issuer, err = m.text("issuer"); err != nil {
		return nil, err
	}
	switch {
	case s.Issuer == "":
		return nil, errors.New("there is no issuer in it")
	case s.Issuer != of && strings.TrimSuffix(s.Issuer, "/") == strings.TrimSuffix(of, "/"):
		return nil, fmt.Errorf("%w: the two differ by a slash at the end", ErrOtherIssuer)
	case s.Issuer != of:
		return nil, ErrOtherIssuer
	}
	if s.TokenEndpoint, err = m.text("token_endpoint"); err != nil {
		return nil, err
	}
	if s.TokenEndpoint != "" {
		if _, err := Address(s.TokenEndpoint); err != nil {
			return nil, fmt.Errorf("its token_endpoint cannot be used: %w", err)
		}
	}
	for _, list := range []struct {
		name string
		into *[]string
	}{
		{"token_endpoint_auth_methods_supported", &s.Methods},
		{"grant_types_supported", &s.Grants},
		{"scopes_supported", &s.Scopes},
		{"protected_resources", &s.Resources},
		{"dpop_signing_alg_values_supported", &s.ProofAlgorithms},
	} {
		if *list.into, err = m.list(list.name); err != nil {
			return nil, err
		}
	}
	return s, nil
}
