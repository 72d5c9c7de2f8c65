package sim

import (
	"net/http"
	"slices"

	"github.com/alf-go/alf"
)

// metadata says what the server is and accepts (RFC 8414 section 2, OpenID Connect Discovery section 3). It does so
// during an outage, too, which is one of the token endpoint alone.
func (s *Server) metadata(w http.ResponseWriter, issuer string) {
	var methods, algorithms []string
	var bound bool
	s.set(func() {
		s.records.stats.MetadataRequests++
		methods, algorithms, bound = s.accepted()
	})
	document := map[string]any{
		"issuer":                                     issuer,
		"token_endpoint":                             below(issuer, TokenPath),
		"introspection_endpoint":                     below(issuer, IntrospectionPath),
		"jwks_uri":                                   below(issuer, JWKSPath),
		"grant_types_supported":                      []string{grantType},
		"response_types_supported":                   []string{},
		"token_endpoint_auth_methods_supported":      methods,
		"dpop_signing_alg_values_supported":          proofAlgorithms,
		"tls_client_certificate_bound_access_tokens": bound,
	}
	if len(algorithms) > 0 {
		document["token_endpoint_auth_signing_alg_values_supported"] = algorithms
	}
	writeJSON(w, http.StatusOK, document)
}

// accepted lists how clients may authenticate, and what their assertions may be signed with: all that any of them is
// registered for. bound says that one of them presents a certificate. The mutex is held.
func (s *state) accepted() (methods, algorithms []string, bound bool) {
	add := func(list *[]string, values ...string) {
		for _, value := range values {
			if !slices.Contains(*list, value) {
				*list = append(*list, value)
			}
		}
	}
	if s.client.id != "" || len(s.clients) == 0 {
		add(&methods, basic, post)
	}
	for _, c := range s.clients {
		if c.registered == nil {
			add(&methods, basic, post)
			continue
		}
		switch style := c.registered.AuthStyle; style {
		case alf.AuthBasicRaw:
			add(&methods, basic)
		case alf.AuthExternalAssertion: // which has no name of its own
			add(&methods, alf.AuthPrivateKeyJWT.String())
			add(&algorithms, c.registered.algorithms()...)
		case alf.AuthSecretJWT, alf.AuthPrivateKeyJWT:
			add(&methods, style.String())
			add(&algorithms, c.registered.algorithms()...)
		default:
			add(&methods, style.String())
		}
		bound = bound || c.registered.Certificate != nil || c.registered.Authorities != nil
	}
	slices.Sort(methods)
	slices.Sort(algorithms)
	return methods, algorithms, bound
}

// Issuer is the server's identifier (RFC 8414 section 2), under which its metadata are read: on the socket if the
// server was started, else a name for the RoundTripper. The issuers of [Server.Configure] are served beside it.
func (s *Server) Issuer() string { return s.address("auth") }

// JWKSURL is the address of the public keys that verify the tokens of [Options].JWT.
func (s *Server) JWKSURL() string { return s.Issuer() + JWKSPath }

// IntrospectionURL is the address of the introspection endpoint.
func (s *Server) IntrospectionURL() string { return s.Issuer() + IntrospectionPath }
