package sim

import (
	"net/http"
	"net/url"
	"strings"
)

// Where the authorization server is, beside [TokenPath], at any host. Its metadata are where RFC 8414 section 3 and
// OpenID Connect Discovery section 4 put them.
const (
	// JWKSPath is where the public keys are that verify the tokens of [Options].JWT (RFC 7517 section 5).
	JWKSPath = "/oauth2/jwks"
	// IntrospectionPath is where the introspection endpoint is (RFC 7662).
	IntrospectionPath = "/oauth2/introspect"
)

const (
	oauthDocument  = "/.well-known/oauth-authorization-server"
	openIDDocument = "/.well-known/openid-configuration"
)

// addresses are those at which the configurations of [Server.Configure] expect the authorization server.
type addresses struct {
	tokenEndpoints map[string]string // the address as it was configured, by its normalized form
	issuers        map[string]string // the issuer as it was configured, by its normalized form
}

func newAddresses() addresses { return addresses{map[string]string{}, map[string]string{}} }

// add makes the addresses of a configuration known; "" is none.
func (a *addresses) add(tokenURL, issuer string) {
	if tokenURL != "" {
		a.tokenEndpoints[normalized(tokenURL)] = tokenURL
	}
	if issuer != "" {
		a.issuers[normalized(issuer)] = issuer
		a.tokenEndpoints[normalized(below(issuer, TokenPath))] = below(issuer, TokenPath)
	}
}

// issuerAt returns the issuer, as it was configured, that an address belongs to, which has one of its paths; else the
// origin of the address.
func (a *addresses) issuerAt(address string) string {
	for _, path := range []string{TokenPath, JWKSPath, IntrospectionPath} {
		if base, found := strings.CutSuffix(address, path); found {
			if issuer, known := a.issuers[normalized(base)]; known {
				return issuer
			}
		}
	}
	return originOf(address)
}

// below is an address under an issuer.
func below(issuer, path string) string { return strings.TrimSuffix(issuer, "/") + path }

// part is a part of the server that requests are for.
type part int

const (
	theAPI part = iota
	theTokenEndpoint
	theMetadata
	theJWKS
	theIntrospection
)

// partOf says which part of the server a request is for. The issuer is that whose metadata are asked for.
func (s *Server) partOf(r *http.Request) (p part, issuer string) {
	address, path := addressOf(r), r.URL.EscapedPath()
	if before, document, found := cutDocument(path); found {
		s.set(func() {
			base := strings.TrimSuffix(address, path) + before + document
			if issuer = s.addresses.issuers[normalized(base)]; issuer == "" {
				issuer = base
			}
		})
		return theMetadata, issuer
	}
	switch {
	case path == TokenPath:
		return theTokenEndpoint, ""
	case s.belongsToIssuer(address, JWKSPath):
		return theJWKS, ""
	case s.belongsToIssuer(address, IntrospectionPath):
		return theIntrospection, ""
	}
	s.set(func() {
		if _, known := s.addresses.tokenEndpoints[normalized(address)]; known {
			p = theTokenEndpoint
		}
	})
	return p, ""
}

// belongsToIssuer reports whether an address is that of a path under an issuer, or at any host.
func (s *Server) belongsToIssuer(address, path string) (ok bool) {
	base, found := strings.CutSuffix(address, path)
	if found && base != originOf(address) {
		s.set(func() { _, found = s.addresses.issuers[normalized(base)] })
	}
	return found
}

// cutDocument finds the place of the metadata in a path: it comes before or after the path of the issuer.
func cutDocument(path string) (before, after string, found bool) {
	for _, document := range []string{oauthDocument, openIDDocument} {
		before, after, found := strings.Cut(path, document)
		if found && (before == "" || after == "") && (after == "" || after[0] == '/') {
			return before, after, true
		}
	}
	return "", "", false
}

// acceptedAudiences are the names of this server that an assertion in a token request may have in its "aud": its issuer
// and its token endpoint (RFC 7523 section 3), as the request and as the client's configuration spell them.
func (s *Server) acceptedAudiences(r *http.Request) []string {
	address := addressOf(r)
	audiences := []string{address}
	s.set(func() {
		audiences = append(audiences, s.addresses.issuerAt(address))
		if configured, known := s.addresses.tokenEndpoints[normalized(address)]; known {
			audiences = append(audiences, configured)
		}
	})
	return audiences
}

// addressOf is the address of a request, without its query.
func addressOf(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host + r.URL.EscapedPath()
}

func originOf(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	host, _, _ := strings.Cut(rest, "/")
	return scheme + "://" + host
}

// normalized is an address without its query and fragment, spelled as RFC 3986 section 6.2 has it, by which addresses
// are compared (RFC 9449 section 4.3).
func normalized(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if defaultPort := map[string]string{"http": ":80", "https": ":443"}[scheme]; defaultPort != "" {
		host = strings.TrimSuffix(host, defaultPort)
	}
	path := u.EscapedPath()
	if path == "" || path == "/" {
		path = "/"
	} else {
		path = strings.TrimSuffix(path, "/")
	}
	return scheme + "://" + host + path
}
