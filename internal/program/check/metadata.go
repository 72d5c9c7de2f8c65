package check

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/exit"
)

// checkMetadata reads the issuer's metadata. It does not warn of scopes or grant types that they do not list: servers
// leave out what they have, and the token request shows what is true.
func (c *checkup) checkMetadata(ctx context.Context) finding {
	limited, cancel := c.limited(ctx)
	defer cancel()
	m, err := c.fetcher.Metadata(limited)
	if err != nil {
		return c.noMetadata(err)
	}
	c.metadata = m
	found := passed("the token endpoint is " + c.untrusted(shownAddress(m.TokenEndpoint)))
	for _, list := range []struct {
		what   string
		values []string
	}{{"authentication methods", m.AuthMethods}, {"grant types", m.GrantTypes}, {"scopes", m.Scopes}} {
		if list.values != nil {
			found.details = append(found.details, list.what+": "+c.untrustedList(list.values))
		}
	}
	return found
}

// noMetadata says why they could not be read, and how to do without them.
func (c *checkup) noMetadata(err error) finding {
	found := c.refused(err)
	issuer, tokenURL := c.Names.Of("Issuer"), c.Names.Of("TokenURL")
	without := "set " + tokenURL + " to the token endpoint in place of " + issuer
	var response *alf.EndpointError
	var why advice
	switch {
	case !errors.As(err, &response):
	case response.Status >= http.StatusInternalServerError:
		why = advice{"the server fails when it is asked for its metadata", "try again later, or " + without}
	case response.Status == http.StatusUnauthorized, response.Status == http.StatusForbidden:
		why = advice{"the server does not give its metadata to everyone, or there are none at that address", "is " + issuer + " right? If so, " + without}
	case response.Status == http.StatusTooManyRequests:
		why = advice{"the server limits how often it is asked, and the limit is reached", "try again later"}
	case response.Status >= 300 && response.Status < 400:
		why = advice{"the server redirects requests for its metadata, and redirects are not followed", "set " + issuer + " to the final address, or " + without}
	case response.Status >= 400:
		why = advice{"there are no metadata at the well-known locations of that issuer", "is " + issuer + " right, to the last character? If the server has none, " + without}
	case response.Status != 0 && errors.Is(err, fetcher.ErrMetadata):
		why = advice{"the metadata are not what they must be, or do not fit the configuration", "is " + issuer + " right, to the last character? If it is, have the server correct them, or " + without}
	case response.Status != 0:
		why = advice{"what is at the well-known locations of that issuer are no metadata: " + bodyKind(response), "is " + issuer + " right? If the server has none, " + without}
	default:
		why = advice{"the server could not be reached", "try again later, or " + without}
	}
	if len(found.advice) == 0 {
		found.advice = []advice{why}
	} else if found.advice[0].cause == "" {
		found.advice[0].cause = why.cause // the library's hint is the better remedy
	}
	return found
}

func bodyKind(response *alf.EndpointError) string {
	if isPage(response.Body) {
		return "a page"
	}
	return "no JSON object with an issuer and a token endpoint"
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

// refused reports a failure at the server in its own words, which the library has redacted, and takes the library's
// hint for the remedy.
func (c *checkup) refused(err error) finding {
	code, text, _ := exit.Explain(err, c.Names)
	var endpoint *alf.EndpointError
	if !errors.As(err, &endpoint) || endpoint.Hint == "" {
		return failed(code, text)
	}
	hint := endpoint.HintWith(c.Names.Of)
	return failed(code, strings.TrimSuffix(text, "; "+hint), advice{remedy: hint})
}
