package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
)

// checkAPI sends one request with the token that was read. A refusal brings no new token: it would be the same.
func (c *checkup) checkAPI(ctx context.Context) finding {
	client, done, err := c.apiClient(ctx)
	if err != nil {
		return c.unreadable(err)
	}
	defer done()
	limited, cancel := c.limited(ctx)
	defer cancel()
	req := c.API.Clone(limited)
	resp, err := client.Do(req)
	if err != nil {
		return c.apiUnreachable(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return c.judgeAPI(resp)
}

// apiClient is one that has the token already.
func (c *checkup) apiClient(ctx context.Context) (_ *alf.Client, done func(), err error) {
	transport, err := c.transport(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, err := alf.New(alf.Config{
		Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) { return c.token, nil }),
		DPoP:    c.Config.DPoP,
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Origins: c.Config.Origins, AllowHTTP: c.Config.AllowHTTP,
		Rejected: func(*http.Response) bool { return false },
	})
	if err != nil {
		return nil, nil, err
	}
	return client, func() { client.Close(); transport.CloseIdleConnections() }, nil
}

func (c *checkup) apiUnreachable(err error) finding {
	if errors.Is(err, alf.ErrRefused) {
		return c.unreadable(err)
	}
	code, text, _ := exit.Explain(err, c.Names)
	cause := err
	if sent := (*url.Error)(nil); errors.As(err, &sent) {
		cause = sent.Err // without the address
	}
	why := advice{cause: c.foreign(cause.Error())}
	switch {
	case code != exit.Unreachable:
		why = advice{cause: c.foreign(text)}
	case exit.NetworkHint(err) != "":
		why.remedy = strings.TrimPrefix(exit.NetworkHint(err), ": ")
	case alerted(err):
		why.remedy = c.alertRemedy()
	default:
		why.remedy = "is the address right, and the API up?"
	}
	return failed(code, c.shownAPI()+" cannot be reached", why)
}

func (c *checkup) shownAPI() string { return shownURL(c.API.URL) }

// judgeAPI says what an answer means.
func (c *checkup) judgeAPI(resp *http.Response) finding {
	text := format.Status(resp.StatusCode) + " from " + c.shownAPI()
	found := passed(text)
	switch {
	case resp.StatusCode < 300:
		return found
	case resp.StatusCode < 400:
		found.note("the API redirects to "+c.redirectsTo(resp)+": the token goes along only within its origin",
			"use the final address")
		return found
	}
	found = failed(exit.API, text)
	all := readChallenges(resp.Header)
	for _, ch := range all {
		found.details = append(found.details, "it asks for "+c.foreign(ch.String()))
	}
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized:
		found.advice = c.unauthorized(all)
	case status == http.StatusForbidden:
		found.advice = c.forbidden(all)
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		found.advice = []advice{{"there is nothing to get at that address; the token may be right", "name another address by --api"}}
	case status == http.StatusTooManyRequests:
		found.advice = []advice{{"the API has had too many requests", "try again later"}}
	case status >= 500:
		found.advice = []advice{{"the API itself is failing; the token may be right", "try again later, or ask those who run it"}}
	default:
		found.advice = []advice{{"the API does not like the request; the token may be right", "name another address by --api"}}
	}
	return found
}

func (c *checkup) redirectsTo(resp *http.Response) string {
	to, err := resp.Location()
	if err != nil {
		return "nowhere"
	}
	return c.foreign(shownURL(to))
}

// unauthorized gathers what may be wrong with the token, the likeliest first.
func (c *checkup) unauthorized(all []challenge) []advice {
	switch {
	case c.Config.DPoP == nil && offers(all, "DPoP") && !offers(all, "Bearer"):
		return []advice{{"the API takes only tokens that are bound to a key", "set --dpop"}}
	case c.Config.DPoP == nil && len(all) > 0 && !offers(all, "Bearer") && !offers(all, "DPoP"):
		return []advice{{"the API asks for " + c.foreign(all[0].scheme) + ", not for a token", "is it the right address?"}}
	}
	var why []advice
	if a := c.audienceAdvice(all); a != (advice{}) {
		why = append(why, a)
	}
	if skew, _ := c.route.skew(); skew.Abs() > tolerated {
		why = append(why, advice{"this machine's clock is not the authorization server's: the API's may be another still", "see above"})
	}
	issuer := "the authorization server"
	if c.jwt != nil && c.jwt.has("iss") {
		issuer = fmt.Sprintf("%q", c.foreign(textOf(c.jwt.claims["iss"])))
	}
	if len(why) == 0 {
		return []advice{{"the API does not accept the token", "does the API trust tokens from " + issuer + "? " + apiLog}}
	}
	return why
}

const apiLog = "Its log should say why it refused this one"

// audienceAdvice is about the commonest reason for a good token to be refused.
func (c *checkup) audienceAdvice(all []challenge) advice {
	suspected := slices.ContainsFunc(all, func(ch challenge) bool {
		return ch.params["error"] == "invalid_token" || aboutTarget.MatchString(ch.params["error_description"])
	})
	switch {
	case c.jwt != nil && !c.jwt.has("aud"):
		return advice{"the token names no audience (aud), and the API may insist on its own", c.targetRemedy()}
	case !suspected:
		return advice{}
	case !c.namesTarget():
		return advice{"the token may be for another API, as neither --audience nor --resource is set", c.targetRemedy()}
	case c.jwt != nil:
		return advice{"the token is for " + c.foreign(textOf(c.jwt.claims["aud"])) + ", and the API may go by another name",
			"does the API take that for its own (aud)? " + apiLog}
	}
	return advice{}
}

// forbidden is about a token that was accepted.
func (c *checkup) forbidden(all []challenge) []advice {
	for _, ch := range all {
		if ch.params["error"] != "insufficient_scope" {
			continue
		}
		wanted := c.foreign(ch.params["scope"])
		if wanted == "" {
			return []advice{{"the token lacks a scope, the API does not say which",
				"see what the API documents, and ask for it by --scope"}}
		}
		has := "none that is known"
		if scopes := c.scopes(); len(scopes) > 0 {
			has = c.foreign(strings.Join(slices.Compact(scopes), " "))
		}
		return []advice{{"the token lacks a scope: the API wants " + wanted + ", the token has " + has,
			"ask for it by --scope, and have it granted to the client"}}
	}
	return []advice{{"the API knows the token, but does not let this client do that",
		"have the client given the role or permission it needs"}}
}
