package check

import (
	"context"
	"net/http"

	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/program/discover"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/published"
)

// checkPublished compares the configuration with what the API publishes about itself. It sends neither a token nor the
// client's certificate, and fails nothing: whether the API accepts the token, the next step shows.
func (c *checkup) checkPublished(ctx context.Context) finding {
	found, err := published.Look(ctx, published.Options{
		API: c.API.URL, Transport: c.Config.HTTPClient.Transport.(*http.Transport), AllowHTTP: c.Config.AllowHTTP, Timeout: c.Timeout, TimeoutError: exit.TimedOut(c.Timeout),
		UserAgent: c.API.UserAgent(),
		// The issuer's metadata were read before; with a token endpoint alone, those of the API's servers name theirs.
		ResourceOnly: c.Config.Issuer != "",
	})
	if err != nil {
		return finding{mark: skipped, text: "what the API publishes about itself could not be read"}
	}
	out := passed("nothing that is known here (RFC 9728)")
	if r := found.Resource; r != nil {
		out = passed(c.untrusted(found.At.URL), "resource: "+c.untrusted(r.ID), "authorization servers: "+c.untrustedList(r.Servers))
		if r.Scopes != nil {
			out.details = append(out.details, "scopes: "+c.untrustedList(r.Scopes))
		}
	}
	for _, one := range found.Compare(c.configured()) {
		out.note(c.untrustedNames(one.Cause), c.untrustedNames(one.Remedy))
	}
	return out
}

// untrustedNames is for texts that quote what the API sent, and name fields.
func (c *checkup) untrustedNames(text string) string {
	return discover.InNames(text, c.Names.Of, c.secrets...)
}

// configured is what an API can be compared with.
func (c *checkup) configured() discovery.Configured {
	known := discovery.Configured{
		Issuer: c.Config.Issuer, TokenURL: c.Config.TokenURL, ClientID: c.Config.ClientID, AuthStyle: c.Config.AuthStyle.String(),
		Scopes: c.Config.Scopes, Audience: c.Config.Audience, Resource: c.Config.Resource, DPoP: c.Config.DPoP != nil,
	}
	if c.Config.Certificate != nil {
		known.Certificate = "configured"
	}
	return known
}
