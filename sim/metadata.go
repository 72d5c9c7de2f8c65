package sim

import (
	"net/http"
	"slices"

	"github.com/alf-go/alf"
)

// metadata says what the server is and accepts (RFC 8414 section 2, OpenID Connect Discovery section 3). It does so
// during an outage, too, which is one of the token endpoint alone.
func (s *Server) metadata(w http.ResponseWriter, issuer string) {
	var change func(map[string]any)
	s.set(func() {
		s.records.stats.MetadataRequests++
		change = s.changeMetadata
	})
	document := map[string]any{
		"issuer":                                issuer,
		"token_endpoint":                        below(issuer, TokenPath),
		"introspection_endpoint":                below(issuer, IntrospectionPath),
		"jwks_uri":                              below(issuer, JWKSPath),
		"grant_types_supported":                 []string{grantType},
		"response_types_supported":              []string{},
		"token_endpoint_auth_methods_supported": authMethods,
		"token_endpoint_auth_signing_alg_values_supported": slices.Concat(anyAlgorithm, secretAlgorithms),
		"dpop_signing_alg_values_supported":                proofAlgorithms,
		"tls_client_certificate_bound_access_tokens":       true,
	}
	if change != nil {
		change(document)
	}
	writeJSON(w, http.StatusOK, document)
}

// authMethods is all that clients can be registered for. What has no name of its own is among them by another one.
var authMethods = []string{
	basic, post, alf.AuthSecretJWT.String(), alf.AuthPrivateKeyJWT.String(), alf.AuthTLS.String(), alf.AuthSelfSignedTLS.String(),
}

// SetMetadata lets change edit the metadata before they are sent from now on, such as to have them lead to another
// token endpoint, or lack what a client needs. Nil: they are as they are. It may be called concurrently.
func (s *Server) SetMetadata(change func(document map[string]any)) {
	s.set(func() { s.changeMetadata = change })
}

// Issuer is the server's identifier (RFC 8414 section 2), under which its metadata are read: on the socket if the
// server was started, else a name for the RoundTripper. The issuers of [Server.Configure] are served beside it.
func (s *Server) Issuer() string { return s.address("auth") }

// JWKSURL is the address of the public keys that verify the tokens of [Options].JWT.
func (s *Server) JWKSURL() string { return s.Issuer() + JWKSPath }

// IntrospectionURL is the address of the introspection endpoint.
func (s *Server) IntrospectionURL() string { return s.Issuer() + IntrospectionPath }
