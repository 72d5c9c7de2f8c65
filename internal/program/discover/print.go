// Package discover prints what an API publishes about itself, and the configuration that follows.
package discover

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/published"
)

// label is as wide as what stands before the text of a line.
const label = 13

// section writes lines below a word that names them.
func section(b *strings.Builder, name string, lines ...string) {
	for i, line := range lines {
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(b, "%-*s%s\n", label, name, line)
	}
}

// Found is printed here.
type Found struct{ *published.Found }

// Print writes what was found and what is inconsistent. Fields of the configuration are named by of.
func (f Found) Print(out io.Writer, c discovery.Configured, of func(string) string) error {
	var b strings.Builder
	f.printAPI(&b)
	f.printResource(&b)
	f.printServers(&b, c)
	if findings := slices.Concat(f.Found.Findings, f.Report.Findings(c)); len(findings) > 0 {
		b.WriteByte('\n')
		for _, found := range findings {
			section(&b, "!", InNames(found.Cause, of))
			if found.Remedy != "" {
				section(&b, "", "remedy: "+InNames(found.Remedy, of))
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// InNames puts a program's names for the fields in braces, and removes secrets and what could control a terminal.
func InNames(text string, of func(string) string, secrets ...string) string {
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[redacted]")
	}
	for _, field := range []string{"Issuer", "TokenURL", "Scopes", "Audience", "Resource", "DPoP", "Certificate"} {
		if marked := "{" + field + "}"; strings.Contains(text, marked) {
			text = strings.ReplaceAll(text, marked, of(field))
		}
	}
	return published.Clean(text)
}

func (f Found) printAPI(b *strings.Builder) {
	lines := []string{published.Clean(f.API.Redacted()) + ": " + f.Status}
	for _, c := range f.Challenges {
		text := "challenge: " + published.Clean(c.Scheme)
		if c.Error != "" {
			text += ", error " + published.Clean(c.Error)
		}
		if len(c.Scopes) > 0 {
			text += ", scope " + published.Clean(strings.Join(c.Scopes, " "))
		}
		if c.Metadata != "" {
			text += ", resource_metadata " + published.Clean(c.Metadata)
		}
		lines = append(lines, text)
	}
	if f.MCP != "" {
		lines = append(lines, "it looks like an MCP server: "+f.MCP)
	}
	section(b, "API", lines...)
}

func (f Found) printResource(b *strings.Builder) {
	var lines []string
	if r := f.Resource; r == nil {
		lines = append(lines, "no document (RFC 9728) was found")
	} else {
		lines = append(lines, fmt.Sprintf("%s (%s)", published.Clean(f.At.URL), f.At.Why), "resource: "+r.ID, "authorization servers: "+list(r.Servers))
		if r.Scopes != nil {
			lines = append(lines, "scopes: "+list(r.Scopes))
		}
		if r.DPoP {
			lines = append(lines, "only tokens that are bound by DPoP")
		}
		if r.Certificate {
			lines = append(lines, "only tokens that are bound to a client certificate")
		}
	}
	section(b, "document", append(lines, f.missed("")...)...)
}

func (f Found) printServers(b *strings.Builder, c discovery.Configured) {
	var issuers []string
	for _, s := range f.Servers {
		issuers = append(issuers, s.Issuer)
	}
	for _, a := range f.Attempts { // those without metadata
		if a.For != "" && !slices.Contains(issuers, a.For) {
			issuers = append(issuers, a.For)
		}
	}
	for _, issuer := range issuers {
		s := f.server(issuer)
		named := f.Resource != nil && slices.Contains(f.Resource.Servers, issuer)
		switch {
		case c.Issuer == issuer, s != nil && c.Trusts(s):
			section(b, "server", issuer+" (configured)")
		case s == nil && !named:
			continue // the API's own origin, which is none
		default:
			section(b, "server", issuer+" (UNTRUSTED: named by the API alone)")
		}
		if s != nil {
			lines := []string{"metadata: " + f.Located[issuer], "token endpoint: " + published.Clean(s.TokenEndpoint)}
			for _, one := range []struct {
				what   string
				values []string
			}{{"authentication methods", s.Methods}, {"grant types", s.Grants}, {"scopes", s.Scopes}} {
				if one.values != nil {
					lines = append(lines, one.what+": "+list(one.values))
				}
			}
			section(b, "", append([]string{}, lines...)...)
		}
		section(b, "", f.missed(issuer)...)
	}
}

func (f Found) server(issuer string) *discovery.Server {
	for _, s := range f.Servers {
		if s.Issuer == issuer {
			return s
		}
	}
	return nil
}

// missed lists the locations that had nothing to use, for the API or for an issuer.
func (f Found) missed(issuer string) (lines []string) {
	for _, a := range f.Attempts {
		if a.For == issuer {
			lines = append(lines, fmt.Sprintf("not at %s: %s", a.URL, a.Why))
		}
	}
	return lines
}

// list is a server's list, as much of it as a person reads.
func list(values []string) string {
	if len(values) == 0 {
		return "none"
	}
	return published.Clean(strings.Join(values[:min(len(values), 30)], ", "))
}
