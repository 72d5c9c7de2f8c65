package fetcher

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/keys"
)

// Params and headers the fetcher or net/http sets. Anything that would be a
// second way of authenticating is among them (RFC 6749 section 2.3: not more
// than one per request).
var (
	// remedies are what to do instead of setting a parameter.
	remedies = map[string]string{
		"grant_type":            "remove it",
		"client_id":             "use ClientID",
		"client_secret":         "use ClientSecret",
		"client_assertion":      "use Assertion.Source",
		"client_assertion_type": "use Assertion.Format",
		"scope":                 "use Scopes",
		"audience":              "use Audience",
		"resource":              "use Resource",
	}
	reservedHeaders = []string{
		"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length",
		"Content-Type", "Dpop", "Expect", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
	}
)

// problems gathers what is wrong, so that it can be said all at once.
type problems []error

func (p *problems) addf(format string, args ...any) {
	*p = append(*p, fmt.Errorf(format, args...))
}

// Validate reports everything that is wrong with the configuration as one
// error made by errors.Join; each part names the field and the remedy, and
// none repeats a value that might be secret. [New] calls it.
func (c Config) Validate() error {
	var p problems
	c.checkEndpoint(&p)
	c.checkClient(&p)
	c.checkRequest(&p)
	c.checkConnection(&p)
	return errors.Join(p...)
}

func (c Config) checkEndpoint(p *problems) {
	for i, entry := range c.AllowHTTP {
		if !wire.ValidHostEntry(entry) {
			p.addf(`AllowHTTP[%d]: %q is not a host: use "host", "host:port" or "*"`, i, entry)
		}
	}
	switch {
	case c.TokenURL != "" && c.Issuer != "":
		p.addf("Issuer: excluded by TokenURL: the issuer tells its token endpoint itself, remove one of the two")
	case c.Issuer != "":
		c.checkAddress(p, "Issuer", "issuer", c.Issuer)
	case c.TokenURL == "":
		p.addf("TokenURL: missing: set it to the address of the token endpoint, https://..., or set Issuer")
	default:
		c.checkAddress(p, "TokenURL", "token endpoint", c.TokenURL)
	}
}

func (c Config) checkAddress(p *problems, field, what, address string) {
	u, err := url.Parse(address)
	if err != nil {
		// Not the error itself: it repeats the URL, password included.
		p.addf("%s: not a URL: set it to the address of the %s, https://...", field, what)
		return
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		p.addf("%s: neither https nor http, or without a host: set the full address, https://...", field)
		return
	}
	if c.DPoP != nil && !wire.ASCIIHost(u) {
		p.addf("%s: the host is not in ASCII, so that no DPoP proof fits it: write it in Punycode (\"xn--...\")", field)
	}
	if u.User != nil {
		p.addf("%s: holds user information: move it to ClientID and ClientSecret", field)
	}
	if u.Fragment != "" || strings.HasSuffix(address, "#") {
		p.addf("%s: has a fragment, which RFC 6749 section 3.2 and RFC 8414 section 2 forbid: remove the #", field)
	}
	if field == "Issuer" && (u.RawQuery != "" || u.ForceQuery) {
		p.addf("Issuer: has a query, which RFC 8414 section 2 forbids: remove the ?")
	}
	if !wire.PlainHTTPAllowed(u, c.AllowHTTP) {
		p.addf("%s: plain http would send tokens, and what proves the client, in the clear: use https, or list %q in AllowHTTP", field, u.Host)
	}
	if u.Scheme == "http" && c.AuthStyle.isTLS() {
		p.addf("%s: plain http cannot show a certificate: use https with %s", field, c.AuthStyle)
	}
}

func (c Config) checkClient(p *problems) {
	if c.ClientID == "" {
		p.addf("ClientID: missing: set the id the client was registered with")
	}
	style := c.AuthStyle
	if !style.exists() {
		p.addf("AuthStyle: %d does not exist: use one of the constants", int(style))
		return
	}
	if style == BasicRaw && strings.Contains(c.ClientID, ":") {
		// RFC 7617 section 2: the first colon ends the user-id.
		p.addf("ClientID: a colon cannot be sent with AuthStyle BasicRaw: use Basic or Post")
	}
	for _, proof := range []struct {
		field, remedy string
		set, needed   bool
	}{
		{"ClientSecret", "use Secret, SecretEnv, SecretFile or a function of your own", c.ClientSecret != nil, style.hasSecret()},
		{"Assertion.Key", "use KeyFile or KeySigner (keys.File, keys.Signer)", c.Assertion.Key != nil, style == PrivateKeyJWT},
		{"Assertion.Source", "use SecretFile or a function of your own", c.Assertion.Source != nil, style == ExternalAssertion},
	} {
		switch {
		case proof.needed && !proof.set:
			p.addf("%s: missing: %s, or choose another AuthStyle than %s", proof.field, proof.remedy, style)
		case proof.set && !proof.needed:
			// A second way of authenticating is never used, so it was not meant.
			p.addf("%s: not used by AuthStyle %s: remove it, or choose the style that is meant", proof.field, style)
		}
	}
	if style.isTLS() && c.Certificate == nil {
		p.addf("Certificate: missing: use CertificateFiles, Certificate or a function of your own, or choose another AuthStyle than %s", style)
	}
	c.checkAssertion(p)
	if c.DPoP != nil {
		if err := c.DPoP.Validate(); err != nil {
			p.addf("DPoP.%w", err)
		}
	}
}

func (c Config) checkAssertion(p *problems) {
	a, style := c.Assertion, c.AuthStyle
	if a.Audience == AudienceIssuer && c.Issuer == "" {
		p.addf("Assertion.Audience: there is no Issuer to name: set Issuer, or the audience's own text")
	}
	if _, hmac := minSecret[a.Algorithm]; style == SecretJWT && a.Algorithm != "" && !hmac {
		p.addf("Assertion.Algorithm: %q cannot be used with a secret: use HS256, HS384 or HS512", a.Algorithm)
	} else if style == PrivateKeyJWT {
		if err := keys.Algorithm(a.Algorithm).Validate(); err != nil {
			p.addf("Assertion.Algorithm: %w", err)
		}
	}
	if a.Lifetime != 0 && (a.Lifetime < time.Second || a.Lifetime > longestAssertionLife || a.Lifetime%time.Second != 0) {
		p.addf("Assertion.Lifetime: %v is not whole seconds from 1s to %v: use 0 for %v", a.Lifetime, longestAssertionLife, defaultAssertionLife)
	}
	for _, unused := range []struct {
		name        string
		set, usable bool
	}{
		{"Audience", a.Audience != "", style.signs()},
		{"Algorithm", a.Algorithm != "", style.signs()},
		{"Type", a.Type != "", style.signs()},
		{"Lifetime", a.Lifetime != 0, style.signs()},
		{"Format", a.Format != "", style.sendsAssertion()},
	} {
		if unused.set && !unused.usable {
			p.addf("Assertion.%s: not used by AuthStyle %s: remove it, or choose the style that is meant", unused.name, style)
		}
	}
}

func (c Config) checkRequest(p *problems) {
	for i, scope := range c.Scopes {
		if !validScope(scope) {
			p.addf("Scopes[%d]: %q is not a scope (RFC 6749 section 3.3): list one per entry, without spaces or quotes", i, scope)
		}
	}
	if c.StrictScope && len(c.Scopes) == 0 {
		p.addf("StrictScope: there is nothing to compare with: list Scopes, or unset it")
	}
	for i, audience := range c.Audience {
		if audience == "" {
			p.addf("Audience[%d]: empty: name the audience or remove the entry", i)
		}
	}
	for i, resource := range c.Resource {
		if u, err := url.Parse(resource); err != nil || u.Scheme == "" || strings.Contains(resource, "#") {
			p.addf("Resource[%d]: not an absolute URI without fragment (RFC 8707 section 2): correct it", i)
		}
	}
	for _, name := range sortedKeys(c.Params) {
		if name == "" {
			p.addf("Params: holds a parameter without a name: name it or remove it")
		} else if _, reserved := remedies[name]; reserved {
			p.addf("Params: %q is set by the fetcher: %s", name, remedies[name])
		}
	}
	for _, name := range sortedKeys(c.TokenRequest.Header) {
		switch {
		case !validHeaderName(name):
			p.addf("TokenRequest.Header: %q is not a header name: correct or remove it", name)
		case slices.Contains(reservedHeaders, http.CanonicalHeaderKey(name)):
			p.addf("TokenRequest.Header: %q is set by the fetcher: remove it", name)
		case slices.ContainsFunc(c.TokenRequest.Header[name], invalidHeaderValue):
			p.addf("TokenRequest.Header: a value of %q holds a control character: remove that", name)
		}
	}
	if c.DPoP != nil && c.TokenType != "" && !strings.EqualFold(c.TokenType, dpopType) {
		p.addf("TokenType: %q is not the type of tokens that are bound by DPoP: leave it empty, or unset DPoP", c.TokenType)
	} else if c.TokenType != "" && !validHeaderName(c.TokenType) {
		p.addf("TokenType: %q is not the name of a token type: leave it empty for Bearer", c.TokenType)
	}
}

func (c Config) checkConnection(p *problems) {
	if c.TokenRequest.HTTPClient != nil && c.TokenRequest.Transport != nil {
		p.addf("TokenRequest.Transport: excluded by HTTPClient: set HTTPClient.Transport instead")
	}
	if own := c.TokenRequest.HTTPClient == nil && c.TokenRequest.Transport == nil; !own {
		if c.TokenRequest.Proxy != nil {
			p.addf("TokenRequest.Proxy: excluded by HTTPClient and Transport: configure it there")
		}
		if c.TokenRequest.TLS != nil {
			p.addf("TokenRequest.TLS: excluded by HTTPClient and Transport: configure it there")
		}
		if obstacle := mtls.Obstacle(c.base()); obstacle != "" && c.Certificate != nil {
			field := "TokenRequest.Transport"
			if c.TokenRequest.HTTPClient != nil {
				field = "TokenRequest.HTTPClient.Transport"
			}
			p.addf("%s: %s", field, obstacle)
		}
	} else if c.Certificate != nil && mtls.HasOwn(c.TokenRequest.TLS) {
		p.addf("TokenRequest.TLS: has a client certificate already: remove that, or Certificate")
	}
	if c.TokenRequest.Timeout < 0 {
		p.addf("TokenRequest.Timeout: %v is negative: use 0 for none", c.TokenRequest.Timeout)
	}
}

// base is the transport that the configuration brings.
func (c Config) base() http.RoundTripper {
	switch {
	case c.TokenRequest.Transport != nil:
		return c.TokenRequest.Transport
	case c.TokenRequest.HTTPClient.Transport != nil:
		return c.TokenRequest.HTTPClient.Transport
	}
	return http.DefaultTransport
}

// validScope is scope-token of RFC 6749 section 3.3.
func validScope(s string) bool {
	return wire.ValidToken(s) && !strings.ContainsAny(s, `"\`)
}

// validHeaderName is token of RFC 9110 section 5.6.2, which authentication
// schemes share with header names.
func validHeaderName(s string) bool {
	return wire.ValidToken(s) && !strings.ContainsAny(s, `"(),/:;<=>?@[\]{}`)
}

func invalidHeaderValue(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f })
}

func sortedKeys(m map[string][]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
