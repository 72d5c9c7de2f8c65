package check

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
	"github.com/alf-go/alf/internal/program/settings"
)

// checkAuthenticate makes one token request, and looks for the cause if the server refuses it.
func (c *checkup) checkAuthenticate(ctx context.Context) finding {
	limited, cancel := c.limited(ctx)
	defer cancel()
	start := time.Now()
	token, err := c.fetcher.Fetch(limited)
	if err == nil {
		c.token = token
		c.conceal(token.AccessToken)
		return passed("a token in " + format.Rough(time.Since(start)))
	}
	found := c.refused(err)
	var refusal *alf.EndpointError
	if found.code != exit.Denied || !errors.As(err, &refusal) {
		return found
	}
	found.advice = c.diagnose(ctx, refusal, found.advice)
	return found
}

// diagnosis is what may lie behind a refusal; its zero value says nothing.
type diagnosis struct {
	advice
	settled  bool // there is nothing else to look for
	outdated bool // the library's hint is about what it is not
}

// diagnoses are made in order, until one settles it.
var diagnoses = []func(*checkup, context.Context, *alf.EndpointError) diagnosis{
	(*checkup).wrongType,
	(*checkup).wrongTarget,
	(*checkup).wrongScope,
	(*checkup).wrongGrant,
	(*checkup).wrongMethod,
	(*checkup).otherSpelling,
	(*checkup).unknownClient,
	(*checkup).otherMethods,
}

// diagnose finds out what it can; the library's hint comes last.
func (c *checkup) diagnose(ctx context.Context, refusal *alf.EndpointError, hint []advice) []advice {
	var all []advice
	for _, look := range diagnoses {
		d := look(c, ctx, refusal)
		if d.advice != (advice{}) {
			all = append(all, d.advice)
		}
		if d.settled || d.outdated {
			hint = nil
		}
		if d.settled {
			break
		}
	}
	return append(all, hint...)
}

var aboutTarget = regexp.MustCompile(`(?i)audience|resource|\baud\b`)

// wrongTarget is about whom the token is for.
func (c *checkup) wrongTarget(_ context.Context, refusal *alf.EndpointError) diagnosis {
	if refusal.Code != "invalid_target" && !(refusal.Code == "invalid_request" && aboutTarget.MatchString(refusal.Description)) {
		return diagnosis{}
	}
	if c.namesTarget() {
		return settled("the server hands out no tokens for that --audience or --resource",
			"spell it as the API is registered with the server, or have it registered")
	}
	return settled("the server wants to know whom the token is for, and neither --audience nor --resource is set",
		"name the API as it is registered with the server: by --audience, or by --resource if the server goes by RFC 8707")
}

func settled(cause, remedy string) diagnosis { return diagnosis{advice{cause, remedy}, true, true} }

// wrongType is about a token that was handed out, but cannot be used as what it is.
func (c *checkup) wrongType(_ context.Context, refusal *alf.EndpointError) diagnosis {
	if !errors.Is(refusal, fetcher.ErrTokenType) {
		return diagnosis{}
	}
	if c.Config.DPoP != nil {
		return settled("the server has not bound the token to the DPoP key",
			"have DPoP enabled for the client at the server, or remove --dpop")
	}
	return settled("the server hands out tokens that are not plain Bearer tokens", "set --dpop if they are to be bound to a key")
}

// namesTarget reports whether the configuration says whom the token is for.
func (c *checkup) namesTarget() bool { return len(c.Config.Audience)+len(c.Config.Resource) > 0 }

func (c *checkup) wrongScope(_ context.Context, refusal *alf.EndpointError) diagnosis {
	if refusal.Code != "invalid_scope" {
		return diagnosis{}
	}
	cause := "the server does not grant this client what --scope asks for"
	if c.metadata != nil && c.metadata.Scopes != nil {
		cause += "; it lists " + c.foreignList(c.metadata.Scopes)
	}
	return settled(cause, "correct --scope, or have the scope granted to the client")
}

func (c *checkup) wrongGrant(_ context.Context, refusal *alf.EndpointError) diagnosis {
	if refusal.Code != "unsupported_grant_type" {
		return diagnosis{}
	}
	return settled("the server does not have the client credentials grant, or not at this address",
		"is it the right server? If so, have the grant enabled there")
}

// wrongMethod is about a client that the server knows.
func (c *checkup) wrongMethod(_ context.Context, refusal *alf.EndpointError) diagnosis {
	if refusal.Code != "unauthorized_client" {
		return diagnosis{}
	}
	return settled("the client may not use the client credentials grant, or not prove itself by "+c.Config.AuthStyle.String(),
		"have the grant allowed for the client, or choose the --auth-style that it is registered for"+c.alternatives())
}

// otherMethods is what the server says it takes beside what was used.
func (c *checkup) otherMethods(_ context.Context, refusal *alf.EndpointError) diagnosis {
	if !clientRefused(refusal) || c.metadata == nil || c.metadata.AuthMethods == nil {
		return diagnosis{}
	}
	// The hint for these guesses which other one it might be.
	d := diagnosis{outdated: settings.TakesSecret(c.Config.AuthStyle) && c.Config.AuthStyle != alf.AuthSecretJWT}
	if others := c.alternatives(); others != "" {
		d.remedy = "if the client is registered for another way of proving itself, choose it by --auth-style" + others
	}
	return d
}

// clientRefused reports whether it is the client, or its proof, that the server does not want.
func clientRefused(refusal *alf.EndpointError) bool {
	return refusal.Code == "invalid_client" || refusal.Code == "" && refusal.Status == http.StatusUnauthorized
}

// alternatives lists those of the server's methods that are not in use.
func (c *checkup) alternatives() string {
	if c.metadata == nil {
		return ""
	}
	used := c.Config.AuthStyle
	if used == alf.AuthBasicRaw {
		used = alf.AuthBasic
	}
	others := slices.DeleteFunc(slices.Clone(c.metadata.AuthMethods), func(m string) bool { return m == used.String() })
	if len(others) == 0 {
		return ""
	}
	return " (the server has " + c.foreignList(others) + ")"
}
