package discovery

import (
	"cmp"
	"slices"

	"github.com/alf-go/alf/internal/wire"
)

// Setting is a field of a client's configuration, by its path, and its values. A flag that is on has none.
type Setting struct {
	Field  string
	Values []string
}

// Configuration is what follows for a client.
type Configuration struct {
	Settings []Setting
	// Untrusted are the issuers of authorization servers that the API alone names, and of which one may belong into the
	// configuration. No secret must be sent there until the user has found out by other means that it is right.
	Untrusted []string
	// Missing says that no authorization server is known at all.
	Missing bool
}

// Value returns the first value of a field; "" if the field is not set.
func (c *Configuration) Value(field string) string {
	for _, s := range c.Settings {
		if s.Field == field && len(s.Values) > 0 {
			return s.Values[0]
		}
	}
	return ""
}

// methods are the ways to authenticate that alf can be configured for by a file or less, in the order of preference:
// the default first, so that a server that lists everything needs no setting.
var methods = []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth"}

// Configuration derives what follows from the report and from what is configured already, which takes precedence.
func (r *Report) Configuration(c Configured) (out Configuration) {
	add := func(field string, values ...string) {
		if len(values) > 0 {
			out.Settings = append(out.Settings, Setting{Field: field, Values: values})
		}
	}
	// What is not known is named.
	orNamed := func(field, value, name string) { add(field, cmp.Or(value, name)) }
	switch {
	case c.Issuer != "":
		add("Issuer", c.Issuer)
	case c.TokenURL != "":
		add("TokenURL", c.TokenURL)
	case r.Resource != nil && len(r.Resource.Servers) > 0:
		out.Untrusted = slices.Clone(r.Resource.Servers)
	case len(r.Servers) > 0: // of the API's own origin
		out.Untrusted = []string{r.Servers[0].Issuer}
	default:
		out.Missing = true
	}
	orNamed("ClientID", c.ClientID, "CLIENT_ID")
	if c.SecretFile != "" {
		add("ClientSecretFile", c.SecretFile)
	}
	style := r.method(c)
	if style != "client_secret_basic" {
		add("AuthStyle", style)
	}
	certificate := r.Resource != nil && r.Resource.Certificate
	switch style {
	case "private_key_jwt":
		orNamed("KeyFile", c.Key, "KEY_FILE")
		if c.KeyID != "" {
			add("KeyID", c.KeyID)
		}
	case "client_assertion":
		orNamed("AssertionFile", c.Assertion, "ASSERTION_FILE")
	case "tls_client_auth", "self_signed_tls_client_auth":
		certificate = true
	}
	named := c.Scopes
	if len(named) == 0 {
		named = requested(r.Challenges)
	}
	if len(named) == 0 && r.Resource != nil {
		named = r.Resource.Scopes
	}
	add("Scopes", named...)
	add("Audience", c.Audience...)
	switch {
	case r.Resource != nil || r.MCP != "":
		add("Resource", r.ID())
	default:
		add("Resource", c.Resource...)
	}
	add("Origins", wire.Origin(r.API))
	if c.DPoP || r.dpop() {
		out.Settings = append(out.Settings, Setting{Field: "DPoP"})
	}
	if certificate || c.Certificate != "" {
		orNamed("CertFile", c.Certificate, "CERT_FILE")
		if c.CertificateKey != "" {
			add("CertKeyFile", c.CertificateKey)
		}
	}
	return out
}

// method is how the client authenticates: as configured, or else by the first method of the server that alf has.
func (r *Report) method(c Configured) string {
	if c.AuthStyle != "" {
		return c.AuthStyle
	}
	for _, s := range r.Servers {
		if c.named() && !c.Trusts(s) || s.Methods == nil {
			continue
		}
		for _, method := range methods {
			if slices.Contains(s.Methods, method) {
				return method
			}
		}
	}
	return "client_secret_basic"
}
