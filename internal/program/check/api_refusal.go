package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const apiLog = "Its log should say why it refused this one"

// unauthorized gathers what may be wrong with the token, the likeliest first.
func (c *checkup) unauthorized(ctx context.Context, resp *apiResponse) []advice {
	all := resp.challenges
	if c.Config.DPoP == nil && offers(all, "DPoP") && !offers(all, "Bearer") {
		return []advice{{"the API accepts only tokens that are bound to a key", "set " + c.Names.Of("DPoP")}}
	}
	var why []advice
	switch different, known, other := c.distinguishes(ctx, resp); {
	case known && different:
		why = append(why, advice{
			fmt.Sprintf("the API knows the token, as it responds differently to one that does not exist (%s)", c.otherIs(other)),
			"see what it says above: the client may lack a permission, or the token what the API requires",
		})
	case known && len(all) > 0 && !offers(all, "Bearer") && !offers(all, "DPoP"):
		why = append(why, advice{
			"the API asks for " + c.untrusted(all[0].scheme) + ", and responds in the same way to a token that does not exist: " +
				"it accepts no tokens at that address, or not this one",
			"is it the right address? If so, " + c.trustRemedy(),
		})
	}
	if a := c.audienceAdvice(resp); a != (advice{}) {
		why = append(why, a)
	}
	if skew, _ := c.route.skew(); skew.Abs() > tolerated {
		why = append(why, advice{"this machine's clock is not the authorization server's: the API's may be another still", "see above"})
	}
	if len(why) == 0 {
		return []advice{{"the API does not accept the token", c.trustRemedy()}}
	}
	return why
}

func (c *checkup) trustRemedy() string {
	issuer := "the authorization server"
	if c.jwt != nil && c.jwt.has("iss") {
		issuer = fmt.Sprintf("%q", c.untrusted(textOf(c.jwt.claims["iss"])))
	}
	return "does the API trust tokens from " + issuer + "? " + apiLog
}

// audienceAdvice is about the commonest reason for a good token to be refused.
func (c *checkup) audienceAdvice(resp *apiResponse) advice {
	suspected := resp.said.code == "invalid_token" || namesTargetIn(resp.said.text) ||
		slices.ContainsFunc(resp.challenges, func(ch challenge) bool {
			return ch.params["error"] == "invalid_token" || namesTargetIn(ch.params["error_description"])
		})
	switch {
	case c.jwt != nil && !c.jwt.has("aud"):
		return advice{"the token names no audience (aud), and the API may insist on its own", c.targetRemedy()}
	case !suspected:
		return advice{}
	case !c.namesTarget():
		return advice{"the token may be for another API, as neither " + c.Names.Of("Audience") + " nor " + c.Names.Of("Resource") + " is set", c.targetRemedy()}
	case c.jwt != nil:
		return advice{"the token is for " + c.untrusted(textOf(c.jwt.claims["aud"])) + ", and the API may have another name",
			"does the API take that for its own (aud)? " + apiLog}
	}
	return advice{}
}

// scopeLacking is about a token without a scope that the API requires.
func (c *checkup) scopeLacking(resp *apiResponse) []advice {
	wanted := ""
	for _, ch := range resp.challenges {
		if wanted == "" && ch.params["error"] == "insufficient_scope" {
			wanted = c.untrusted(ch.params["scope"])
		}
	}
	if wanted == "" {
		return []advice{{"the token lacks a scope, the API does not say which",
			"see what the API documents, and request it by " + c.Names.Of("Scopes")}}
	}
	has := "none that is known"
	if scopes := c.scopes(); len(scopes) > 0 {
		has = c.untrusted(strings.Join(slices.Compact(scopes), " "))
	}
	return []advice{{"the token lacks a scope: the API wants " + wanted + ", the token has " + has,
		"request it by " + c.Names.Of("Scopes") + ", and have it granted to the client"}}
}

// forbidden is about a request that the API does not permit. Some APIs send a 403 for tokens that they do not know as
// well.
func (c *checkup) forbidden(ctx context.Context, resp *apiResponse) []advice {
	permission := "have the client given the role, permission or scope that it needs"
	switch different, known, other := c.distinguishes(ctx, resp); {
	case known && different:
		return []advice{{
			fmt.Sprintf("the API knows the token, as it responds differently to one that does not exist (%s), but does not let this client do that", c.otherIs(other)),
			permission,
		}}
	case known:
		why := []advice{{
			"the API responds in the same way to a token that does not exist: it does not accept this one, or permits that address to no client",
			c.trustRemedy() + ". If it accepts the token, " + permission,
		}}
		if a := c.audienceAdvice(resp); a != (advice{}) {
			why = append(why, a)
		}
		return why
	}
	return []advice{{"the API does not let this client do that, or does not accept the token", permission + ". " + apiLog}}
}

func challengeSays(all []challenge, code string) bool {
	return slices.ContainsFunc(all, func(ch challenge) bool { return ch.params["error"] == code })
}
