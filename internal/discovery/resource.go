package discovery

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// MaxServers is how many of the authorization servers that an API names are looked at.
const MaxServers = 4

// Resource is a document of protected resource metadata (RFC 9728 section 2), as far as it matters to a client that
// uses client credentials. A list is nil if the document does not have it.
type Resource struct {
	// ID is the resource identifier (resource). It is an address.
	ID string
	// Servers are the issuers of the authorization servers, up to MaxServers.
	Servers []string
	// Scopes are those that the API uses. They need not be complete.
	Scopes []string
	// Methods are where the API takes a token: header, body or query.
	Methods []string
	// DPoP and Certificate say that only bound tokens are accepted (RFC 9449, RFC 8705).
	DPoP, Certificate bool
	// Signed says that the document has a signed form as well (signed_metadata), which is not read.
	Signed bool
	// Findings are about parts of the document that are not used.
	Findings []Finding
}

// ParseResource reads a document. An error says what makes it unusable; parts that are wrong by themselves are left out
// and reported by Findings.
func ParseResource(body []byte) (*Resource, error) {
	m, err := readMembers(body)
	if err != nil {
		return nil, err
	}
	r := new(Resource)
	if r.ID, err = m.text("resource"); err == nil {
		if r.ID == "" {
			err = errors.New("there is no resource in it (RFC 9728 section 2)")
		} else if _, problem := Address(r.ID); problem != nil {
			err = fmt.Errorf("its resource cannot be used: %w", problem)
		}
	}
	servers, serversErr := m.list("authorization_servers")
	named, scopesErr := m.list("scopes_supported")
	var dpopErr, certificateErr, methodsErr error
	r.DPoP, dpopErr = m.flag("dpop_bound_access_tokens_required")
	r.Certificate, certificateErr = m.flag("tls_client_certificate_bound_access_tokens")
	r.Methods, methodsErr = m.list("bearer_methods_supported")
	for _, problem := range []error{err, serversErr, scopesErr, dpopErr, certificateErr, methodsErr} {
		if problem != nil {
			return nil, problem
		}
	}
	r.Signed = m.given("signed_metadata")
	r.takeServers(servers)
	var omitted int
	if r.Scopes, omitted = scopes(named); omitted > 0 {
		r.find(fmt.Sprintf("%d of its scopes_supported are not used: they are no scopes, or beyond the first %d", omitted, maxScopes), "")
	}
	return r, nil
}

func (r *Resource) find(cause, remedy string) {
	r.Findings = append(r.Findings, Finding{cause, remedy})
}

func (r *Resource) takeServers(named []string) {
	for i, server := range wire.Distinct(named) {
		if len(r.Servers) == MaxServers {
			r.find(fmt.Sprintf("it names more than %d authorization servers: the others are not looked at", MaxServers), "")
			return
		}
		if err := issuer(server); err != nil {
			r.find(fmt.Sprintf("its authorization_servers[%d] is not used: %v", i, err), "have the API name the issuer (RFC 8414 section 2)")
			continue
		}
		r.Servers = append(r.Servers, server)
	}
}

// Match is how the resource of a document relates to an API.
type Match int

// The matches.
const (
	// Other is another API: the document must not be used (RFC 9728 section 3.3).
	Other Match = iota
	// Covers is the origin of the API, or a part of its path. RFC 9728 section 3.3 does not accept it, but many servers
	// publish one document for all they have, and the Model Context Protocol's SDKs accept it.
	Covers
	// Equivalent differs in spelling alone, such as by a slash at the end.
	Equivalent
	// Identical is what RFC 9728 section 3.3 demands.
	Identical
)

// MatchResource compares the resource of a document with an API.
func MatchResource(resource string, api *url.URL) Match {
	own := *api
	own.Fragment, own.RawFragment = "", ""
	if resource == own.String() {
		return Identical
	}
	u, err := Address(resource)
	if err != nil || wire.Origin(u) != wire.Origin(&own) {
		return Other
	}
	theirs, mine := strings.TrimSuffix(u.EscapedPath(), "/"), strings.TrimSuffix(own.EscapedPath(), "/")
	switch {
	case theirs == mine && u.RawQuery == own.RawQuery:
		return Equivalent
	case u.RawQuery != "" || strings.Contains(theirs, "/.") || strings.Contains(mine, "/."):
		return Other // a path with dots in it has another meaning than its text
	case theirs == mine, strings.HasPrefix(mine, theirs+"/"):
		return Covers
	}
	return Other
}
