package check

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/alf-go/alf"
)

var (
	targetWords = regexp.MustCompile(`(?i)\baudiences?\b|\bresources?\b|\baud\b`)
	// otherResources are terms of OAuth that are not about the API of a token.
	otherResources = regexp.MustCompile(`(?i)resource (owner|server)`)
)

// namesTargetIn reports whether a text is about the API that a token is for.
func namesTargetIn(text string) bool {
	return targetWords.MatchString(otherResources.ReplaceAllString(text, ""))
}

// aboutTarget is about the API that the token is for.
func (c *checkup) aboutTarget(_ context.Context, response *alf.EndpointError) diagnosis {
	if !codeHas(response, "target", "audience", "resource") && (c.sendsAssertion() || !namesTargetIn(ownWords(response.Description))) {
		return diagnosis{}
	}
	audience, resource := c.Names.Of("Audience"), c.Names.Of("Resource")
	if c.namesTarget() {
		return settled("the server issues no tokens for that "+audience+" or "+resource,
			"spell it as the API is registered with the server, or have it registered")
	}
	return settled("the server requires the API that the token is for, and neither "+audience+" nor "+resource+" is set",
		"name the API as it is registered with the server: by "+audience+", or by "+resource+" if the server follows RFC 8707")
}

// namesTarget reports whether the configuration names the API that the token is for.
func (c *checkup) namesTarget() bool { return len(c.Config.Audience)+len(c.Config.Resource) > 0 }

// sendsAssertion reports whether the client authenticates by an assertion.
func (c *checkup) sendsAssertion() bool {
	switch c.Config.AuthStyle {
	case alf.AuthSecretJWT, alf.AuthPrivateKeyJWT, alf.AuthExternalAssertion:
		return true
	}
	return false
}

// aboutScope is about scopes: invalid_scope, or scope_invalid as glewlwyd has it.
func (c *checkup) aboutScope(_ context.Context, response *alf.EndpointError) diagnosis {
	if !codeHas(response, "scope") {
		return diagnosis{}
	}
	return c.scopeDiagnosis()
}

func (c *checkup) scopeDiagnosis() diagnosis {
	scope := c.Names.Of("Scopes")
	if len(c.Config.Scopes) == 0 {
		return settled("the server requires a scope, or does not grant its default ones to this client",
			"request one by "+scope+", or have default scopes granted to the client")
	}
	cause := "the server does not grant this client what " + scope + " requests"
	if c.metadata != nil && c.metadata.Scopes != nil {
		cause += "; it lists " + c.untrustedList(c.metadata.Scopes)
	}
	remedy := "correct " + scope + ", or have the scope granted to the client"
	if joined := joinedScopes(c.Config.Scopes); joined != "" {
		remedy = "separate scopes by spaces, not commas: " + joined + " is requested as one scope; else " + remedy
	}
	return settled(cause, remedy)
}

// joinedScopes is a scope that looks like several; "" if none does. A comma is a legal character of a scope.
func joinedScopes(scopes []string) string {
	for _, scope := range scopes {
		if strings.Contains(scope, ",") {
			return scope
		}
	}
	return ""
}

// aboutGrant is about the grant itself.
func (c *checkup) aboutGrant(ctx context.Context, response *alf.EndpointError) diagnosis {
	if !codeHas(response, "grant_type") {
		return diagnosis{}
	}
	cause := "the server does not offer the client credentials grant, or not at this address"
	if c.metadata != nil && c.metadata.GrantTypes != nil && !slices.Contains(c.metadata.GrantTypes, "client_credentials") {
		cause += "; its metadata list " + c.untrustedList(c.metadata.GrantTypes)
	}
	return settled(cause, "is it the right server? If so, have the grant enabled there, for this client too")
}
