package discovery

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// Report is what is known of an API. Its fields are filled in by the I/O; nil and zero are for what was not found.
type Report struct {
	// API is the URL that was given.
	API *url.URL
	// MCP is why the API looks like a server of the Model Context Protocol; "" if it does not.
	MCP string
	// Challenges are those of the API's response to a request without a token.
	Challenges []Challenge
	// Resource is the API's document, and At where it was found.
	Resource *Resource
	At       Location
	// Servers are the authorization servers whose metadata were read, in the API's order.
	Servers []*Server
}

// Configured is what a configuration says already; the zero value says nothing.
type Configured struct {
	Issuer, TokenURL, ClientID string
	// AuthStyle is the method by its registered name; "" if none was chosen.
	AuthStyle string
	// SecretFile, Key, Assertion, Certificate and CertificateKey are paths of files; KeyID is the kid of the key.
	SecretFile, Key, KeyID, Assertion, Certificate, CertificateKey string

	Scopes, Audience, Resource []string
	DPoP                       bool
}

// Trusts reports whether a configuration names an authorization server already: by its issuer, or by its token
// endpoint, to the last character. Whatever else an API says about a server, it remains untrusted.
func (c *Configured) Trusts(s *Server) bool {
	return c.Issuer != "" && c.Issuer == s.Issuer || c.Issuer == "" && c.TokenURL != "" && c.TokenURL == s.TokenEndpoint
}

// named reports whether a configuration names a server at all.
func (c *Configured) named() bool { return c.Issuer != "" || c.TokenURL != "" }

// Findings compares everything with everything, and with a configuration. All of them are about what was published,
// except those of [Report.Compare], which are about the configuration.
func (r *Report) Findings(c Configured) (all []Finding) {
	_, all = ResourceLocations(r.API, r.Challenges)
	if strings.EqualFold(r.API.Scheme, "http") && !wire.PlainHTTPAllowed(r.API, nil) {
		all = append(all, Finding{"the API is plain http: what it publishes can be changed on the way, and a token sent there can be read", "use https"})
	}
	if r.Resource != nil {
		all = append(all, r.aboutResource()...)
	}
	for _, s := range r.Servers {
		all = append(all, r.aboutServer(s)...)
	}
	return append(all, r.Compare(c)...)
}

func (r *Report) aboutResource() []Finding {
	all := slices.Clone(r.Resource.Findings)
	note := func(cause, remedy string) { all = append(all, Finding{cause, remedy}) }
	const identical = "have the API name exactly the URL that clients use (RFC 9728 section 3.3)"
	switch MatchResource(r.Resource.ID, r.API) {
	case Covers:
		note("the document's resource is "+r.Resource.ID+", which is more than the URL given: strict clients refuse it", identical)
	case Equivalent:
		note("the document's resource is "+r.Resource.ID+", which the URL given differs from in spelling: strict clients refuse it", identical)
	}
	if r.At.Why == Challenged {
		if at, err := url.Parse(r.At.URL); err == nil && wire.Origin(at) != wire.Origin(r.API) {
			note("the API's document is on another host, "+at.Host, "")
		}
	}
	if r.At.Why == Appended {
		note("the document is at a location that no specification has: other clients do not find it", "have the API name it in its challenge (RFC 9728 section 5.1)")
	}
	if r.Resource.Servers == nil {
		note("the document names no authorization server", "ask those who run the API")
	}
	if r.Resource.Methods != nil && !slices.Contains(r.Resource.Methods, "header") {
		note("the API takes no token from the Authorization header, where alf sends it", "")
	}
	if r.Resource.Signed {
		note("the document has signed_metadata, which are not verified and not read", "")
	}
	if requested := requested(r.Challenges); r.Resource.Scopes != nil {
		if missing := absent(requested, r.Resource.Scopes); missing != "" {
			note("the challenge asks for the scope "+missing+", which the document does not list", "")
		}
	}
	return all
}

func (r *Report) aboutServer(s *Server) (all []Finding) {
	note := func(cause, remedy string) { all = append(all, Finding{cause, remedy}) }
	if s.TokenEndpoint == "" {
		note(s.Issuer+" has no token endpoint in its metadata", "is it a server that issues tokens?")
	}
	if s.Grants != nil && !slices.Contains(s.Grants, "client_credentials") {
		note(s.Issuer+" does not list the client credentials grant", "have it enabled there; some servers have it without listing it")
	}
	if r.Resource == nil {
		return all
	}
	if s.Resources != nil && !slices.Contains(s.Resources, r.Resource.ID) {
		note(s.Issuer+" lists the APIs that it is for, and this one is not among them (RFC 9728 section 4)", "have it added there")
	}
	if s.Scopes != nil {
		if missing := absent(r.scopes(), s.Scopes); missing != "" {
			note(s.Issuer+" does not list the scope "+missing, "servers need not list all they have: try it")
		}
	}
	if r.Resource.DPoP && s.ProofAlgorithms == nil {
		note("the API takes only tokens that are bound by DPoP, which "+s.Issuer+" does not list", "")
	}
	return all
}

// Compare says where a configuration differs from what the API publishes. It is silent about what either of them does
// not say.
func (r *Report) Compare(c Configured) (all []Finding) {
	note := func(cause, remedy string) { all = append(all, Finding{cause, remedy}) }
	if r.Resource != nil && len(r.Resource.Servers) > 0 {
		list := strings.Join(r.Resource.Servers, ", ")
		switch {
		case c.Issuer != "" && !slices.Contains(r.Resource.Servers, c.Issuer):
			note("{Issuer} is "+c.Issuer+", which is none of the API's authorization servers: "+list, "is it the right API? If it is, ask those who run it which server it trusts")
		case c.Issuer == "" && c.TokenURL != "" && len(r.Servers) > 0 && !slices.ContainsFunc(r.Servers, c.Trusts):
			note("{TokenURL} is not the token endpoint of any of the API's authorization servers: "+list, "is it the right API? If it is, ask those who run it which server it trusts")
		}
	}
	all = append(all, r.compareTarget(c)...)
	if named := r.scopes(); len(named) > 0 && c.named() {
		if missing := absent(c.Scopes, named); missing != "" {
			note("{Scopes} has "+missing+", which is not among the scopes that the API names: "+strings.Join(named, " "), "see what the API documents")
		}
		if wanted := absent(requested(r.Challenges), c.Scopes); wanted != "" {
			note("the API asks for the scope "+wanted+", which {Scopes} does not have", "add it")
		}
	}
	if r.dpop() && !c.DPoP && c.named() {
		note("the API takes only tokens that are bound by DPoP", "set {DPoP}")
	}
	if r.Resource != nil && r.Resource.Certificate && c.Certificate == "" && c.named() {
		note("the API takes only tokens that are bound to a client certificate", "set {Certificate}")
	}
	return all
}

// compareTarget is about the API that the token is for.
func (r *Report) compareTarget(c Configured) []Finding {
	if !c.named() {
		return nil
	}
	own := r.ID()
	targets := slices.Concat(c.Resource, c.Audience)
	switch {
	case r.MCP != "" && !slices.Contains(c.Resource, own):
		return []Finding{{
			fmt.Sprintf("this looks like an MCP server (%s), which requires {Resource} with exactly its own address", r.MCP),
			"set {Resource} to " + own,
		}}
	case r.Resource == nil || slices.Contains(targets, own):
	case len(targets) > 0:
		return []Finding{{"{Resource} or {Audience} is " + strings.Join(targets, " ") + ", and the API calls itself " + own,
			"set {Resource} to " + own + ", or {Audience} if the authorization server does not follow RFC 8707"}}
	default:
		return []Finding{{"the API calls itself " + own + ", and neither {Resource} nor {Audience} is set: its tokens may have to be for it",
			"set {Resource} to that, or {Audience} if the authorization server does not follow RFC 8707"}}
	}
	return nil
}

// ID is what the API calls itself, or else the URL given: the canonical URI of an MCP server.
func (r *Report) ID() string {
	if r.Resource != nil {
		return r.Resource.ID
	}
	own := *r.API
	own.Fragment, own.RawFragment = "", ""
	return own.String()
}

// scopes are those that the API names: in its challenge and in its document.
func (r *Report) scopes() []string {
	named := requested(r.Challenges)
	if r.Resource != nil {
		named = slices.Concat(named, r.Resource.Scopes)
	}
	return wire.Distinct(named)
}

// dpop reports whether the API takes only tokens that are bound by DPoP.
func (r *Report) dpop() bool {
	if r.Resource != nil && r.Resource.DPoP {
		return true
	}
	offers := func(scheme string) bool {
		return slices.ContainsFunc(r.Challenges, func(c Challenge) bool { return c.Is(scheme) })
	}
	return offers("DPoP") && !offers("Bearer")
}

// absent names those of some that are not among others.
func absent(some, others []string) string {
	var missing []string
	for _, one := range some {
		if !slices.Contains(others, one) {
			missing = append(missing, one)
		}
	}
	return strings.Join(missing, " ")
}
