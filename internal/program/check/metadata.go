package check

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
)

func (c *checkup) checkMetadata(ctx context.Context) finding {
	limited, cancel := c.limited(ctx)
	defer cancel()
	m, err := c.fetcher.Metadata(limited)
	if err != nil {
		return c.refused(err)
	}
	c.metadata = m
	found := passed("the token endpoint is " + c.foreign(shownAddress(m.TokenEndpoint)))
	for _, list := range []struct {
		what   string
		values []string
	}{{"clients prove themselves by", m.AuthMethods}, {"grant types", m.GrantTypes}, {"scopes", m.Scopes}} {
		if list.values != nil {
			found.details = append(found.details, list.what+": "+c.foreignList(list.values))
		}
	}
	if m.GrantTypes != nil && !slices.Contains(m.GrantTypes, "client_credentials") {
		found.note("the server does not list the client_credentials grant", "is it the right issuer?")
	}
	if missing := absent(c.Config.Scopes, m.Scopes); m.Scopes != nil && missing != "" {
		found.note("the server does not list the scope "+missing, "correct --scope, if it is not handed out")
	}
	return found
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

// refused tells a failure at the server in its own words, which the library has made fit to be shown, and takes its hint
// for the remedy.
func (c *checkup) refused(err error) finding {
	code, text, _ := exit.Explain(err, c.Names)
	var endpoint *alf.EndpointError
	if !errors.As(err, &endpoint) || endpoint.Hint == "" {
		return failed(code, text)
	}
	hint := c.Names.In(endpoint.Hint)
	return failed(code, strings.TrimSuffix(text, "; "+hint), advice{remedy: hint})
}
