package fetcher

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// Params and headers the fetcher or net/http sets. Anything that would be a
// second way of authenticating is among them (RFC 6749 section 2.3: not more
// than one per request).
var (
	reservedParams = []string{
		"grant_type", "client_id", "client_secret", "scope", "audience",
		"client_assertion", "client_assertion_type",
	}
	reservedHeaders = []string{
		"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Encoding", "Content-Length",
		"Content-Type", "Expect", "Host", "Proxy-Authorization", "Te", "Trailer", "Transfer-Encoding", "Upgrade",
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
	if c.TokenURL == "" {
		p.addf("TokenURL: missing: set it to the address of the token endpoint, https://...")
		return
	}
	u, err := url.Parse(c.TokenURL)
	if err != nil {
		// Not the error itself: it repeats the URL, password included.
		p.addf("TokenURL: not a URL: set it to the address of the token endpoint, https://...")
		return
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		p.addf("TokenURL: neither https nor http, or without a host: set the endpoint's full address, https://...")
		return
	}
	if u.User != nil {
		p.addf("TokenURL: holds user information: move it to ClientID and ClientSecret")
	}
	if u.Fragment != "" || strings.HasSuffix(c.TokenURL, "#") {
		p.addf("TokenURL: has a fragment, which RFC 6749 section 3.2 forbids: remove the #")
	}
	if !wire.PlainHTTPAllowed(u, c.AllowHTTP) {
		p.addf("TokenURL: plain http would send the client secret in the clear: use https, or list %q in AllowHTTP", u.Host)
	}
}

func (c Config) checkClient(p *problems) {
	if c.ClientID == "" {
		p.addf("ClientID: missing: set the id the client was registered with")
	}
	if c.ClientSecret == nil {
		p.addf("ClientSecret: missing: use Secret, SecretEnv, SecretFile or a function of your own")
	}
	if _, ok := authStyleNames[c.AuthStyle]; !ok {
		p.addf("AuthStyle: %d does not exist: use Basic, BasicRaw or Post", int(c.AuthStyle))
	}
	if c.AuthStyle == BasicRaw && strings.Contains(c.ClientID, ":") {
		// RFC 7617 section 2: the first colon ends the user-id.
		p.addf("ClientID: a colon cannot be sent with AuthStyle BasicRaw: use Basic or Post")
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
	for _, name := range sortedKeys(c.Params) {
		if name == "" {
			p.addf("Params: holds a parameter without a name: name it or remove it")
		} else if slices.Contains(reservedParams, name) {
			p.addf("Params: %q is set by the fetcher: use the field made for it, or remove it", name)
		}
	}
	for _, name := range sortedKeys(c.Header) {
		switch {
		case !validHeaderName(name):
			p.addf("Header: %q is not a header name: correct or remove it", name)
		case slices.Contains(reservedHeaders, http.CanonicalHeaderKey(name)):
			p.addf("Header: %q is set by the fetcher: remove it", name)
		case slices.ContainsFunc(c.Header[name], invalidHeaderValue):
			p.addf("Header: a value of %q holds a control character: remove that", name)
		}
	}
	if c.TokenType != "" && !validHeaderName(c.TokenType) {
		p.addf("TokenType: %q is not the name of a token type: leave it empty for Bearer", c.TokenType)
	}
}

func (c Config) checkConnection(p *problems) {
	if c.HTTPClient != nil && c.Transport != nil {
		p.addf("Transport: excluded by HTTPClient: set HTTPClient.Transport instead")
	}
	if own := c.HTTPClient == nil && c.Transport == nil; !own {
		if c.Proxy != nil {
			p.addf("Proxy: excluded by HTTPClient and Transport: configure it there")
		}
		if c.TLS != nil {
			p.addf("TLS: excluded by HTTPClient and Transport: configure it there")
		}
	}
	if c.Timeout < 0 {
		p.addf("Timeout: %v is negative: use 0 for none", c.Timeout)
	}
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
