package alf

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/fielderror"
	"github.com/alf-go/alf/internal/mtls"
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/manager"
)

// FieldError says which field of a [Config] makes no sense (Field, its path, such as "Policy.Margin" or "Origins[1]"),
// what is wrong with it (Problem) and what to do (Remedy). [Config.Validate] and [New] join one for every such field:
// errors.As finds the first, [FieldErrors] lists all. Where a Problem or Remedy mentions another field, it spells the
// path as Field would, so that a program with names of its own can replace them. No part repeats what may be secret.
type FieldError = fielderror.Error

// FieldErrors returns all FieldErrors in err, which may be wrapped and joined, in order.
func FieldErrors(err error) []*FieldError { return fielderror.All(err) }

// Validate returns everything that [New] would refuse as one error, which joins a *[FieldError] for each field; nil if
// the configuration can be used.
func (c Config) Validate() error {
	var p problems
	switch {
	case c.Manager != nil:
		p.excluded("Manager", "it obtains the tokens by itself", c.fieldsOf(fetcher.Config{}), c.fieldsOf(manager.Config{}))
	case c.Fetcher != nil:
		p.excluded("Fetcher", "it requests the tokens by itself", c.fieldsOf(fetcher.Config{}))
	default:
		p.join(c.FetcherConfig().Validate()) // AllowHTTP included
		c.checkTokenTransport(&p)
	}
	if c.WrapFetcher != nil && c.Manager != nil {
		p.excluded("Manager", "there is no built-in fetcher", []string{"WrapFetcher"})
	} else if c.WrapFetcher != nil && c.Fetcher != nil {
		p.excluded("Fetcher", "there is no built-in fetcher", []string{"WrapFetcher"})
	}
	if c.Manager != nil || c.Fetcher != nil || c.Endpoint != nil {
		c.checkAllowHTTP(&p)
	}
	if c.Manager == nil {
		tokens := c.Fetcher
		if tokens == nil {
			tokens = new(fetcher.Fetcher) // any: New makes the real one
		}
		p.join(c.ManagerConfig(tokens).Validate())
	}
	c.checkOrigins(&p)
	c.checkBinding(&p)
	c.checkSharing(&p)
	if c.RejectedBody && c.Rejected == nil {
		p.add("RejectedBody", "requires Rejected", "set Rejected, or unset it")
	}
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("alf: unusable Config:\n%w", errors.Join(p...))
}

// problems are collected, so that all of them are reported at once.
type problems []error

func (p *problems) add(field, problem, remedy string) {
	*p = append(*p, &FieldError{Field: field, Problem: problem, Remedy: remedy})
}

// join adds what another package's Validate found, whose fields have the same names here.
func (p *problems) join(err error) {
	switch e := err.(type) {
	case nil:
	case interface{ Unwrap() []error }:
		*p = append(*p, e.Unwrap()...)
	default:
		*p = append(*p, err)
	}
}

// excluded adds every field that would have no effect because another one is set.
func (p *problems) excluded(by, because string, groups ...[]string) {
	for _, fields := range groups {
		for _, field := range fields {
			if field != by {
				p.add(field, "excluded by "+by+", because "+because, "remove one of the two")
			}
		}
	}
}

// shared are fields that a fetcher has, but that requests to the APIs use as well. Clock is excluded only where there
// is nothing else that it would be for: with Manager.
var shared = []string{"DPoP", "AllowHTTP", "Clock"}

// fieldsOf returns the paths of the fields of c that are set and that part, another configuration, has too.
func (c Config) fieldsOf(part any) []string {
	_, forManager := part.(manager.Config)
	var set []string
	whole := reflect.ValueOf(c)
	for i := range reflect.TypeOf(part).NumField() {
		name := reflect.TypeOf(part).Field(i).Name
		if value := whole.FieldByName(name); value.IsValid() && (forManager || !slices.Contains(shared, name)) {
			set = append(set, setFields(name, value)...)
		}
	}
	return set
}

// setFields returns the paths of what is set in a field: those of its own fields, for a group of settings.
func setFields(path string, value reflect.Value) []string {
	switch value.Kind() {
	case reflect.Slice, reflect.Map:
		if value.Len() == 0 {
			return nil
		}
	case reflect.Struct:
		if path == "Policy" {
			break // one setting in this respect
		}
		var set []string
		for i := range value.NumField() {
			set = append(set, setFields(path+"."+value.Type().Field(i).Name, value.Field(i))...)
		}
		return set
	}
	if value.IsZero() {
		return nil
	}
	return []string{path}
}

// checkTokenTransport requires a choice where a mock or instrumentation carries the requests to the APIs: token
// requests would leave over the real network, with the secret.
func (c Config) checkTokenTransport(p *problems) {
	if c.HTTPClient == nil || c.HTTPClient.Transport == nil || c.Endpoint != nil {
		return // with an Endpoint, the choice was made there
	}
	_, standard := c.HTTPClient.Transport.(*http.Transport)
	r := &c.TokenRequest
	if standard || r.HTTPClient != nil || r.Transport != nil || r.Proxy != nil || r.TLS != nil {
		return
	}
	p.add("TokenRequest", "HTTPClient.Transport is not an *http.Transport, and would not carry the token requests",
		"set TokenRequest.Transport to HTTPClient.Transport if it shall carry them too, or to http.DefaultTransport if not")
}

// checkBinding is about what tokens are bound to, which connections and requests to the APIs have to present.
func (c Config) checkBinding(p *problems) {
	if c.Certificate != nil && c.HTTPClient != nil && c.HTTPClient.Transport != nil {
		if obstacle := mtls.Obstacle(c.HTTPClient.Transport); obstacle != "" {
			problem, remedy, _ := strings.Cut(obstacle, ": ")
			p.add("HTTPClient.Transport", problem, remedy)
		}
	}
	if c.Certificate != nil && (c.HTTPClient == nil || c.HTTPClient.Transport == nil) {
		if _, ok := http.DefaultTransport.(*http.Transport); !ok {
			p.add("Certificate", "http.DefaultTransport was replaced by a type that cannot present it", "set HTTPClient.Transport to an *http.Transport")
		}
	}
	if c.DPoP != nil && (c.Manager != nil || c.Fetcher != nil) {
		if err := c.DPoP.Validate(); err != nil {
			p.nested("DPoP", err)
		}
	}
}

// nested adds what the Validate of a field's own type found.
func (p *problems) nested(field string, err error) {
	if err == nil {
		return
	}
	if found := FieldErrors(err); len(found) > 0 {
		for _, e := range found {
			p.add(field+"."+e.Field, e.Problem, e.Remedy)
		}
		return
	}
	*p = append(*p, fmt.Errorf("%s.%w", field, err))
}

func (c Config) checkAllowHTTP(p *problems) {
	for i, entry := range c.AllowHTTP {
		if !wire.ValidHostEntry(entry) {
			p.add(entryOf("AllowHTTP", i), fmt.Sprintf("%q is not a host", entry), `use "host", "host:port" or "*"`)
		}
	}
}

func (c Config) checkOrigins(p *problems) {
	for i, entry := range c.Origins {
		field := entryOf("Origins", i)
		u, err := url.Parse(entry)
		_, rest, _ := strings.Cut(entry, "://")
		switch {
		case err != nil, u.User != nil:
			// Without repeating it: it may contain a password.
			p.add(field, "not an origin", `use "https://host" or "https://host:port"`)
		case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "", strings.ContainsAny(rest, "/?#"):
			p.add(field, fmt.Sprintf("%q is not an origin", entry), `use "https://host" or "https://host:port", without a path`)
		case !wire.PlainHTTPAllowed(u, c.AllowHTTP):
			p.add(field, fmt.Sprintf("%q would send the token in the clear", entry), fmt.Sprintf("use https, or list %q in AllowHTTP", u.Host))
		}
	}
}

// entryOf is the path of an entry of a list.
func entryOf(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
