package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/format"
)

// wrongType is about a token that was issued, but is of another type than is expected.
func (c *checkup) wrongType(_ context.Context, response *alf.EndpointError) diagnosis {
	if !errors.Is(response, fetcher.ErrTokenType) {
		return diagnosis{}
	}
	_, text, _ := strings.Cut(response.Error(), "token_type")
	switch {
	case c.Config.DPoP != nil:
		return settled("the server has not bound the token to the DPoP key",
			"have DPoP enabled for the client at the server, or remove "+c.Names.Of("DPoP"))
	case strings.Contains(strings.ToLower(text), `"dpop"`):
		return settled("the server issues tokens that are bound to a key", "set "+c.Names.Of("DPoP"))
	}
	return settled("the server calls its tokens by another type than is expected", response.HintWith(c.Names.Of))
}

// busy is about a server that asks to wait.
func (c *checkup) busy(_ context.Context, response *alf.EndpointError) diagnosis {
	var cause string
	switch {
	case response.Status == http.StatusTooManyRequests, codeHas(response, "slow_down", "rate_limit", "ratelimit", "too_many", "throttl"):
		cause = "the server limits how often tokens are requested, and the limit is reached"
	case response.Status == http.StatusServiceUnavailable, response.Status == http.StatusBadGateway, response.Status == http.StatusGatewayTimeout,
		codeHas(response, "temporarily_unavailable"):
		cause = "the server, or what it depends on, is not available at the moment"
	default:
		return diagnosis{}
	}
	remedy := "try again later; if it stays so, ask those who run the server"
	if wait := response.RetryAfter(); wait > 0 {
		remedy = "try again after " + format.Rough(wait) + ", for which the server asks"
	}
	if response.Status == http.StatusTooManyRequests {
		remedy += ", and see whether other processes request tokens for this client"
	}
	return settled(cause, remedy)
}

// noOAuthError is about a response that no token endpoint would give: a redirect, a page, a path that does not exist.
func (c *checkup) noOAuthError(ctx context.Context, response *alf.EndpointError) diagnosis {
	if response.Code != "" {
		return diagnosis{}
	}
	status := response.Status
	var cause string
	switch {
	case status >= 300 && status < 400:
		return settled("the server redirects token requests to another address, and credentials must not follow",
			c.addressRemedy(ctx, "set it to the final address"))
	case status == http.StatusNotFound, status == http.StatusGone:
		cause = "there is nothing at that address"
	case status == http.StatusMethodNotAllowed:
		cause = "what is at that address accepts no POST, so it is no token endpoint"
	case status == http.StatusNotImplemented:
		return settled("the server does not implement the client credentials grant, or not at that address",
			"have the grant enabled; "+c.addressRemedy(ctx, "compare the path with the server's documentation"))
	case status == http.StatusUnsupportedMediaType:
		cause = "what is at that address accepts no form-encoded requests, which all token endpoints do"
	case status < 300:
		cause = "the response is a success, but has neither a token nor an OAuth error: that address may be no token endpoint"
	default:
		return diagnosis{}
	}
	return settled(cause, c.addressRemedy(ctx, "compare the path with the server's documentation"))
}

// bareRefusal is about a status without an OAuth error, which may be about the address as well as about the client.
func (c *checkup) bareRefusal(ctx context.Context, response *alf.EndpointError) diagnosis {
	if response.Code != "" {
		return diagnosis{}
	}
	kind := "the response has no OAuth error"
	if isPage(response.Body) {
		kind = "the response is a page, and no OAuth error"
	}
	return diagnosis{advice: advice{
		kind + ": a gateway or another path than the token endpoint's may respond so",
		c.addressRemedy(ctx, "compare the path with the server's documentation, if the client's registration is right"),
	}}
}

// isPage reports whether a body is HTML.
func isPage(body string) bool {
	body = strings.ToLower(strings.TrimSpace(body))
	return strings.HasPrefix(body, "<!doctype") || strings.HasPrefix(body, "<html") || strings.HasPrefix(body, "<head") || strings.HasPrefix(body, "<?xml")
}

// addressRemedy says how to correct the address. It looks for the server's metadata, which name the token endpoint.
func (c *checkup) addressRemedy(ctx context.Context, otherwise string) string {
	name := c.Names.Of("TokenURL")
	if c.hasIssuer() {
		return "have the issuer's metadata name the right token endpoint, or set " + name
	}
	if endpoint, issuer := c.published(ctx); endpoint != "" && endpoint != c.Config.TokenURL {
		return fmt.Sprintf("set %s to %s, which the server's metadata name, or %s to %s",
			name, c.untrusted(shownAddress(endpoint)), c.Names.Of("Issuer"), c.untrusted(shownAddress(issuer)))
	}
	return name + ": " + otherwise
}

// published is the token endpoint in the metadata of the server that TokenURL is on, if that is its own issuer.
func (c *checkup) published(ctx context.Context) (endpoint, issuer string) {
	u, err := url.Parse(c.Config.TokenURL)
	if err != nil {
		return "", ""
	}
	issuer = (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	cfg := c.Config.FetcherConfig()
	cfg.TokenURL, cfg.Issuer = "", issuer
	f, err := fetcher.New(cfg)
	if err != nil {
		return "", ""
	}
	defer f.CloseIdleConnections()
	limited, cancel := c.limited(ctx)
	defer cancel()
	m, err := f.Metadata(limited)
	if err != nil {
		return "", ""
	}
	return m.TokenEndpoint, issuer
}
