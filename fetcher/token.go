package fetcher

import (
	"maps"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/wire"
)

// responseError is why a successful response is of no use.
type responseError struct {
	what      message
	hint      message
	permanent bool
	// kind is what errors.Is finds; nil: nothing.
	kind error
}

func malformed(format string, args ...any) *responseError {
	return &responseError{what: message{"malformed response: " + format, args}}
}

// token makes a token of the members of a successful response (RFC 6749 section 5.1) to a request that started at
// start.
func (c *client) token(m members, start time.Time) (*oauth2.Token, *responseError) {
	if m.given("error") && string(m.get("error")) != `""` && string(m.get("error")) != "false" {
		return nil, malformed("error is not a string")
	}
	access, ok := m.text("access_token")
	switch {
	case !m.given("access_token") || (ok && access == ""):
		return nil, malformed("there is no access_token")
	case !ok:
		return nil, malformed("access_token is not a string")
	case !wire.ValidToken(access):
		return nil, malformed("access_token has characters that no token may have")
	}
	if err := c.checkType(m); err != nil {
		return nil, err
	}
	life, known, ok := m.seconds("expires_in")
	if !ok {
		return nil, malformed("expires_in is not a number of seconds")
	}
	if err := c.checkScope(m); err != nil {
		return nil, err
	}
	token := &oauth2.Token{AccessToken: access, TokenType: c.cfg.AuthScheme}
	if known {
		token.Expiry = expiry(start, life)
	}
	return token.WithExtra(m.extra()), nil
}

// checkType compares the response's token type with the configured one.
func (c *client) checkType(m members) *responseError {
	got, isText := m.text("token_type")
	missing := !m.given("token_type") || (isText && got == "")
	mismatch := &responseError{permanent: true, kind: ErrTokenType}
	switch {
	case missing && c.cfg.DPoP != nil:
		mismatch.what = message{format: "token_type is missing"}
		mismatch.hint = c.typeHint("")
	case missing && c.cfg.StrictTokenType:
		mismatch.what = message{format: "token_type is missing"}
		mismatch.hint = message{format: "if the server never sends one, unset {StrictTokenType}"}
	case missing:
		if strings.EqualFold(c.cfg.TokenType, bearer) {
			return nil
		}
		mismatch.what = message{`token_type is "Bearer", not %q`, []any{c.cfg.TokenType}}
		mismatch.hint = c.typeHint("")
	case !isText:
		mismatch.what = message{format: "token_type is not a string"}
	case strings.EqualFold(got, c.cfg.TokenType):
		return nil
	default:
		mismatch.what = message{"token_type is %q, not %q", []any{untrusted(got), c.cfg.TokenType}}
		mismatch.hint = c.typeHint(got)
	}
	return mismatch
}

// typeHint says what may help against a token of another type.
func (c *client) typeHint(got string) message {
	switch {
	case c.cfg.DPoP != nil:
		return message{format: "the server has not bound the token to the key, as if it did not know DPoP: have that enabled for this client, or unset {DPoP}"}
	case strings.EqualFold(got, dpopType):
		return message{format: "the server binds tokens to a key: set {DPoP}"}
	case got == "":
		return message{format: "if tokens of that type are meant, unset {TokenType}"}
	}
	return message{`if the server calls its tokens so, set {TokenType} to %q, and {AuthScheme} to the scheme that the APIs expect, usually "Bearer"`, []any{untrusted(got)}}
}

// checkScope compares the scope with the requested one. An error is permanent, although M10 does not list it: each
// further attempt would have one more token issued that may not be used.
func (c *client) checkScope(m members) *responseError {
	if !c.cfg.StrictScope || !m.given("scope") {
		return nil
	}
	scope, isText := m.text("scope")
	switch {
	case !isText:
		return &responseError{
			what: message{format: "scope is not a string, as RFC 6749 section 3.3 requires"}, permanent: true,
			hint: message{format: "have the server send it as one, or unset {StrictScope}"},
		}
	case scope == "", sameScopes(strings.Fields(scope), c.cfg.Scopes):
		return nil
	}
	return &responseError{
		what: message{"scope is %q, not the %q that was requested", []any{untrusted(scope), strings.Join(c.cfg.Scopes, " ")}}, permanent: true,
		hint: message{format: "have exactly these scopes granted to the client, list others in {Scopes}, or unset {StrictScope}"},
	}
}

// sameScopes compares as sets: order and repetition mean nothing (RFC 6749 section 3.3).
func sameScopes(a, b []string) bool {
	set := func(scopes []string) map[string]bool {
		m := map[string]bool{}
		for _, s := range scopes {
			m[s] = true
		}
		return m
	}
	return maps.Equal(set(a), set(b))
}
