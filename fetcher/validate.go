package fetcher

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/fielderror"
	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/wire"
)

// FieldError is one setting that makes no sense: which field, by its path from [Config] down, what is wrong, and what
// to do. It contains no value that may be secret.
type FieldError = fielderror.Error

// problems collects what is wrong, so that it is reported all at once.
type problems []error

// add reports a field. The problem is a format and its arguments.
func (p *problems) add(field, remedy, format string, args ...any) {
	*p = append(*p, &FieldError{Field: field, Problem: fmt.Sprintf(format, args...), Remedy: remedy})
}

// nested reports the field errors of the type of a field.
func (p *problems) nested(field string, err error) {
	for _, one := range fielderror.All(err) {
		*p = append(*p, &FieldError{Field: field + "." + one.Field, Problem: one.Problem, Remedy: one.Remedy})
	}
}

// Validate returns everything that is wrong with the configuration as one error made by errors.Join. Each part is a
// *[FieldError]; none repeats a value that might be secret. [New] calls it.
func (c Config) Validate() error {
	var p problems
	if c.Endpoint != nil {
		c.validateShared(&p)
	} else {
		c.validateEndpoint(&p)
	}
	c.validateCredentials(&p)
	c.validateRequest(&p)
	c.validateTokenType(&p)
	if c.Endpoint == nil {
		c.TokenRequest.validate(&p, &c)
	}
	return errors.Join(p...)
}

func (c *Config) validateEndpoint(p *problems) {
	for i, entry := range c.AllowHTTP {
		if !wire.ValidHostEntry(entry) {
			p.add(fmt.Sprintf("AllowHTTP[%d]", i), `use "host", "host:port" or "*"`, "%q is not a host", entry)
		}
	}
	switch {
	case c.TokenURL != "" && c.Issuer != "":
		p.add("Issuer", "remove one of the two", "excluded by TokenURL: the issuer's metadata have its token endpoint")
	case c.Issuer != "":
		c.validateAddress(p, "Issuer", "issuer", c.Issuer)
	case c.TokenURL == "":
		p.add("TokenURL", "set it to the address of the token endpoint, https://..., or set Issuer", "missing")
	default:
		c.validateAddress(p, "TokenURL", "token endpoint", c.TokenURL)
	}
}

func (c *Config) validateAddress(p *problems, field, what, address string) {
	u, err := url.Parse(address)
	if err != nil {
		// Not the error itself: it repeats the URL, password included.
		p.add(field, "set it to the address of the "+what+", https://...", "not a URL")
		return
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		p.add(field, "set the full address, https://...", "neither https nor http, or without a host")
		return
	}
	if c.DPoP != nil && !wire.ASCIIHost(u) {
		p.add(field, `write it in Punycode ("xn--...")`, "the host is not in ASCII, so that no DPoP proof fits it")
	}
	if u.User != nil {
		p.add(field, "move it to ClientID and ClientSecret", "has user information")
	}
	if u.Fragment != "" || strings.HasSuffix(address, "#") {
		p.add(field, "remove the #", "has a fragment, which RFC 6749 section 3.2 and RFC 8414 section 2 forbid")
	}
	if field == "Issuer" && (u.RawQuery != "" || u.ForceQuery) {
		p.add("Issuer", "remove the ?", "has a query, which RFC 8414 section 2 forbids")
	}
	if !wire.PlainHTTPAllowed(u, c.AllowHTTP) {
		p.add(field, fmt.Sprintf("use https, or list %q in AllowHTTP", u.Host), "plain http would send tokens and client credentials in the clear")
	}
	if u.Scheme == "http" && c.AuthStyle.isTLS() {
		p.add(field, fmt.Sprintf("use https with %s", c.AuthStyle), "plain http cannot present a certificate")
	}
}

func (c *Config) validateCredentials(p *problems) {
	if c.ClientID == "" {
		p.add("ClientID", "set the id the client was registered with", "missing")
	} else if margin := files.Margin(c.ClientID); margin != "" {
		p.add("ClientID", "remove that", "has %s around it, which would be sent", margin)
	}
	style := c.AuthStyle
	if !style.exists() {
		p.add("AuthStyle", "use one of the constants", "%d does not exist", int(style))
		return
	}
	if style == BasicRaw && strings.Contains(c.ClientID, ":") {
		// RFC 7617 section 2: the first colon ends the user-id.
		p.add("ClientID", "use Basic or Post", "a colon cannot be sent with AuthStyle BasicRaw")
	}
	for _, credential := range []struct {
		field, remedy string
		set, needed   bool
	}{
		{"ClientSecret", "use Secret, SecretEnv, SecretFile or a function of your own", c.ClientSecret != nil, style.hasSecret()},
		{"Assertion.Key", "use KeyFile or KeySigner (keys.File, keys.Signer)",
			c.Assertion.Key != nil || style == PrivateKeyJWT && c.Assertion.Certificate != nil, style == PrivateKeyJWT},
		{"Assertion.Source", "use SecretFile or a function of your own", c.Assertion.Source != nil, style == ExternalAssertion},
	} {
		switch {
		case credential.needed && !credential.set:
			p.add(credential.field, fmt.Sprintf("%s, or choose another AuthStyle than %s", credential.remedy, style), "missing")
		case credential.set && !credential.needed:
			// A second way of authenticating is never used, so it was not meant.
			p.add(credential.field, "remove it, or choose the style that is meant", "not used by AuthStyle %s", style)
		}
	}
	if secret, ok := c.ClientSecret.constant(); ok && files.Margin(secret) != "" {
		p.add("ClientSecret", "remove that; SecretFile and SecretEnv do so by themselves", "has %s around it, which would be sent", files.Margin(secret))
	}
	if assertion, ok := c.Assertion.Source.constant(); ok && files.Margin(assertion) != "" {
		p.add("Assertion.Source", "remove that; SecretFile and SecretEnv do so by themselves", "has %s around it, which would be sent", files.Margin(assertion))
	}
	if style.isTLS() && c.Certificate == nil {
		p.add("Certificate", fmt.Sprintf("use CertificateFiles, Certificate or a function of your own, or choose another AuthStyle than %s", style), "missing")
	}
	c.validateAssertion(p)
	if c.DPoP != nil {
		p.nested("DPoP", c.DPoP.Validate())
	}
}

// remedies are what to do instead of setting a parameter that the fetcher sets. Each that would be a second way of
// authenticating is among them (RFC 6749 section 2.3: not more than one per request).
var remedies = map[string]string{
	"grant_type":            "remove it",
	"client_id":             "use ClientID",
	"client_secret":         "use ClientSecret",
	"client_assertion":      "use Assertion.Source",
	"client_assertion_type": "use Assertion.Format",
	"scope":                 "use Scopes",
	"audience":              "use Audience",
	"resource":              "use Resource",
}

func (c *Config) validateRequest(p *problems) {
	for i, scope := range c.Scopes {
		if !validScope(scope) {
			p.add(fmt.Sprintf("Scopes[%d]", i), "list one per entry, without spaces or quotes", "%q is not a scope (RFC 6749 section 3.3)", scope)
		}
	}
	if c.StrictScope && len(c.Scopes) == 0 {
		p.add("StrictScope", "list Scopes, or unset it", "there is nothing to compare with")
	}
	for i, audience := range c.Audience {
		if audience == "" {
			p.add(fmt.Sprintf("Audience[%d]", i), "name the audience or remove the entry", "empty")
		}
	}
	for i, resource := range c.Resource {
		if u, err := url.Parse(resource); err != nil || u.Scheme == "" || strings.Contains(resource, "#") {
			p.add(fmt.Sprintf("Resource[%d]", i), "correct it", "not an absolute URI without fragment (RFC 8707 section 2)")
		}
	}
	for _, name := range sortedKeys(c.Params) {
		if name == "" {
			p.add("Params", "name it or remove it", "has a parameter without a name")
		} else if remedy, reserved := remedies[name]; reserved {
			p.add("Params", remedy, "%q is set by the fetcher", name)
		}
	}
}

// validScope is scope-token of RFC 6749 section 3.3.
func validScope(s string) bool {
	return wire.ValidToken(s) && !strings.ContainsAny(s, `"\`)
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
