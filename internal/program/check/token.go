package check

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/program/format"
)

// checkToken reads the token without showing it.
func (c *checkup) checkToken(ctx context.Context) finding {
	now := time.Now()
	found := passed(c.untrusted(c.token.Type()) + ", " + c.lifetime(now))
	if scope, _ := c.token.Extra("scope").(string); scope != "" {
		found.details = append(found.details, "scope: "+c.untrusted(scope))
	}
	read, ok := readJWT(c.token.AccessToken)
	switch {
	case !ok:
		found.details = append(found.details, "it is no JWT: what it says is known to the server alone")
	case read.encrypted:
		found.details = append(found.details, "an encrypted JWT, which the API alone can read")
	default:
		c.jwt = read
		found.details = append(found.details, "a JWT; nothing in it was verified here")
		found.details = append(found.details, indented(read.describe(c.secrets, now))...)
	}
	for _, look := range observations {
		look(c, ctx, now, &found)
	}
	return found
}

func (c *checkup) lifetime(now time.Time) string {
	if c.token.Expiry.IsZero() {
		return "of a lifetime that the server does not send"
	}
	if !c.token.Expiry.After(now) {
		return "expired on arrival"
	}
	return "for " + format.Rough(c.token.Expiry.Sub(now))
}

// observations are what may turn out to be a mistake once the token is used.
var observations = []func(*checkup, context.Context, time.Time, *finding){
	(*checkup).noteLifetime, (*checkup).noteScope, (*checkup).noteAudience,
	(*checkup).noteTimes, (*checkup).noteKey, (*checkup).noteCertificate,
}

func (c *checkup) noteLifetime(_ context.Context, now time.Time, found *finding) {
	switch {
	case c.token.Expiry.IsZero():
		found.note("the server does not send the lifetime of the token: 5 minutes are assumed",
			"have the server send expires_in")
	case !c.token.Expiry.After(now):
		found.note("the server says that the token has expired already: every request needs a new one", "have its lifetime raised")
	}
}

// noteScope compares what was granted with what was asked. A server that says nothing grants it all (RFC 6749 section
// 5.1).
func (c *checkup) noteScope(_ context.Context, _ time.Time, found *finding) {
	scope, _ := c.token.Extra("scope").(string)
	if missing := absent(c.Config.Scopes, strings.Fields(scope)); scope != "" && missing != "" {
		found.note("requested, but not granted: "+missing, "have the scope granted to the client, or remove it from "+c.Names.Of("Scopes"))
	}
}

// noteAudience is about a token that an API may take for another's.
func (c *checkup) noteAudience(_ context.Context, _ time.Time, found *finding) {
	if c.jwt == nil {
		return
	}
	if !c.jwt.has("aud") {
		found.note("the token names no audience (aud): an API that looks at it will refuse the token", c.targetRemedy())
		return
	}
	if missing := absent(c.Config.Audience, c.jwt.list("aud")); missing != "" {
		found.note("the token is not for what was requested: "+missing, "spell "+c.Names.Of("Audience")+" as the API is registered with the server")
	}
}

func (c *checkup) targetRemedy() string {
	if c.namesTarget() {
		return c.Names.Of("Audience") + " and " + c.Names.Of("Resource") + " did not help: does the server know them under another name?"
	}
	return "name the API by " + c.Names.Of("Audience") + ", or by " + c.Names.Of("Resource") + " if the server follows RFC 8707"
}

// noteTimes compares the times of the token as an API with this machine's clock would.
func (c *checkup) noteTimes(_ context.Context, now time.Time, found *finding) {
	if c.jwt == nil {
		return
	}
	for _, name := range []string{"iat", "nbf"} {
		if t, known := c.jwt.time(name); known && t.Sub(now) > tolerated {
			found.note(fmt.Sprintf("by this machine's clock the token is not valid yet (%s)", name),
				"is this machine's clock right, and the server's?")
			return
		}
	}
	if t, known := c.jwt.time("exp"); known && now.After(t) {
		found.note("by this machine's clock the token has expired (exp)", "is this machine's clock right, and the server's?")
	}
}

// noteKey holds the key that the token is bound to against the one that proofs are signed with.
func (c *checkup) noteKey(ctx context.Context, _ time.Time, found *finding) {
	if c.jwt == nil || c.Config.DPoP == nil {
		return
	}
	key, err := c.Config.DPoP.Read(ctx)
	if err != nil {
		return
	}
	switch c.jwt.boundTo("jkt") {
	case key.Thumbprint():
		found.details = append(found.details, "it is bound to the DPoP key")
	case "":
		found.note("the token is not bound to the DPoP key: it has no cnf with a jkt",
			"have DPoP enabled at the server, or remove "+c.Names.Of("DPoP"))
	default:
		found.note("the token is bound to another key than ours", "is there a proxy that sends proofs of its own?")
	}
}

// noteCertificate does the same for the client certificate. Not to be bound to it is usual.
func (c *checkup) noteCertificate(ctx context.Context, _ time.Time, found *finding) {
	if c.jwt == nil {
		return
	}
	bound := c.jwt.boundTo("x5t#S256")
	if c.Config.Certificate == nil {
		if bound != "" {
			found.note("the token is bound to a certificate, and none is configured to present to the API", "set "+c.Names.Of("Certificate"))
		}
		return
	}
	certificate, err := c.Config.Certificate(ctx)
	switch {
	case err != nil:
	case bound == "":
		found.details = append(found.details, "it is not bound to the client certificate")
	case bound == thumbprint(certificate):
		found.details = append(found.details, "it is bound to the client certificate")
	default:
		found.note("the token is bound to another certificate than ours", "is there a proxy that ends TLS before the server?")
	}
}

// scopes is what the token allows, as far as that is known.
func (c *checkup) scopes() []string {
	scope, _ := c.token.Extra("scope").(string)
	all := strings.Fields(scope)
	if c.jwt != nil {
		all = slices.Concat(all, c.jwt.list("scope"), c.jwt.list("scp"))
	}
	return all
}
