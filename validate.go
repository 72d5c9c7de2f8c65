package alf

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
)

// Validate reports everything that [New] would refuse as one error made by errors.Join; each part names the field and the
// remedy, and none repeats what might be secret.
func (c Config) Validate() error {
	var problems []error
	switch {
	case c.Manager != nil:
		problems = append(problems, excluded("Manager", "it obtains the tokens by itself", c.setForFetcher(), c.setForManager())...)
	case c.Fetcher != nil:
		problems = append(problems, excluded("Fetcher", "it talks to the token endpoint by itself", c.setForFetcher())...)
	default:
		problems = append(problems, c.fetcherProblems()...)
	}
	if c.Manager != nil || c.Fetcher != nil {
		problems = append(problems, c.allowHTTPProblems()...) // the built-in fetcher has looked at it already
	}
	if c.Manager == nil {
		tokens := c.Fetcher
		if tokens == nil {
			tokens = new(fetcher.Fetcher) // any will do: the real one was judged above
		}
		problems = append(problems, split(c.ManagerConfig(tokens).Validate())...)
	}
	problems = append(problems, c.originProblems()...)
	problems = append(problems, c.bindingProblems()...)
	if c.RejectedBody && c.Rejected == nil {
		problems = append(problems, errors.New("RejectedBody: there is nobody to read it: set Rejected, or unset it"))
	}
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("alf: unusable Config:\n%w", errors.Join(problems...))
}

// named is a field and whether the user has set it.
type named struct {
	name string
	set  bool
}

func (c *Config) setForFetcher() []named {
	r := &c.TokenRequest
	return []named{
		{"TokenURL", c.TokenURL != ""},
		{"Issuer", c.Issuer != ""},
		{"ClientID", c.ClientID != ""},
		{"ClientSecret", c.ClientSecret != nil},
		{"Scopes", len(c.Scopes) > 0},
		{"Audience", len(c.Audience) > 0},
		{"Resource", len(c.Resource) > 0},
		{"Params", len(c.Params) > 0},
		{"AuthStyle", c.AuthStyle != AuthBasic},
		{"Assertion.Key", c.Assertion.Key != nil},
		{"Assertion.Source", c.Assertion.Source != nil},
		{"Assertion.Audience", c.Assertion.Audience != ""},
		{"Assertion.Algorithm", c.Assertion.Algorithm != ""},
		{"Assertion.Type", c.Assertion.Type != ""},
		{"Assertion.Lifetime", c.Assertion.Lifetime != 0},
		{"Assertion.Format", c.Assertion.Format != ""},
		{"Certificate", c.Certificate != nil},
		{"TokenType", c.TokenType != ""},
		{"StrictTokenType", c.StrictTokenType},
		{"StrictScope", c.StrictScope},
		{"TokenRequest.HTTPClient", r.HTTPClient != nil},
		{"TokenRequest.Transport", r.Transport != nil},
		{"TokenRequest.Proxy", r.Proxy != nil},
		{"TokenRequest.TLS", r.TLS != nil},
		{"TokenRequest.Timeout", r.Timeout != 0},
		{"TokenRequest.Header", len(r.Header) > 0},
	}
}

func (c *Config) setForManager() []named {
	return []named{
		{"Policy", c.Policy != Policy{}},
		{"Clock", c.Clock != nil},
		{"Rand", c.Rand != nil},
		{"Hook", c.Hook != nil},
		{"Logger", c.Logger != nil},
		{"Fetcher", c.Fetcher != nil},
	}
}

// excluded complains about every field that would silently do nothing.
func excluded(by, because string, groups ...[]named) []error {
	var problems []error
	for _, group := range groups {
		for _, field := range group {
			if field.set {
				problems = append(problems, fmt.Errorf("%s: excluded by %s, because %s: remove one of the two", field.name, by, because))
			}
		}
	}
	return problems
}

// fetcherProblems lets the fetcher check its settings, which have the same names here.
func (c *Config) fetcherProblems() []error { return split(c.FetcherConfig().Validate()) }

// bindingProblems is about what tokens are bound to, which the API's connections and requests have to show.
func (c *Config) bindingProblems() []error {
	var problems []error
	if c.Certificate != nil && c.HTTPClient != nil && c.HTTPClient.Transport != nil {
		if obstacle := mtls.Obstacle(c.HTTPClient.Transport); obstacle != "" {
			problems = append(problems, errors.New("HTTPClient.Transport: "+obstacle))
		}
	}
	if c.DPoP != nil && (c.Manager != nil || c.Fetcher != nil) {
		if err := c.DPoP.Validate(); err != nil {
			problems = append(problems, fmt.Errorf("DPoP.%w", err))
		}
	}
	return problems
}

func (c *Config) allowHTTPProblems() []error {
	var problems []error
	for i, entry := range c.AllowHTTP {
		if !wire.ValidHostEntry(entry) {
			problems = append(problems, entryProblem("AllowHTTP", i, `%q is not a host: use "host", "host:port" or "*"`, entry))
		}
	}
	return problems
}

func (c *Config) originProblems() []error {
	var problems []error
	problem := func(i int, format string, args ...any) {
		problems = append(problems, entryProblem("Origins", i, format, args...))
	}
	for i, entry := range c.Origins {
		u, err := url.Parse(entry)
		_, rest, _ := strings.Cut(entry, "://")
		switch {
		case err != nil, u.User != nil:
			// Without repeating it: it may hold a password.
			problem(i, `not an origin: use "https://host" or "https://host:port"`)
		case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", strings.ContainsAny(rest, "/?#"):
			problem(i, `%q is not an origin: use "https://host" or "https://host:port", without a path`, entry)
		case !wire.PlainHTTPAllowed(u, c.AllowHTTP):
			problem(i, "%q would send the token in the clear: use https, or list %q in AllowHTTP", entry, u.Host)
		}
	}
	return problems
}

// entryProblem is about one entry of a list.
func entryProblem(field string, i int, format string, args ...any) error {
	return fmt.Errorf("%s[%d]: %w", field, i, fmt.Errorf(format, args...))
}

// split undoes errors.Join.
func split(err error) []error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
