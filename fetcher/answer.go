package fetcher

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/wire"
)

// The token types of RFC 6750 and RFC 9449, spelled as they have to be sent.
const (
	bearer   = "Bearer"
	dpopType = "DPoP"
)

// defect is why an answer is of no use. what is fit to be shown once redacted.
type defect struct {
	what      string
	hint      string
	permanent bool
	kind      error // which errors.Is finds; nil: none
}

func malformed(format string, args ...any) *defect {
	return &defect{what: "malformed answer: " + fmt.Sprintf(format, args...)}
}

// members are those of the one JSON object an answer has to be. Names are
// compared exactly, as JSON has it: encoding/json's structs would not.
type members map[string]json.RawMessage

// judged are the members of a token answer that decide something.
var judged = []string{
	"access_token", "token_type", "expires_in", "refresh_in", "scope",
	"error", "error_description", "error_uri",
}

// parseMembers reads body as exactly one JSON object. A second one of the
// members that are judged leaves open which of the two another reader would
// have believed.
func parseMembers(body []byte, judged []string) (members, *defect) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, malformed("it is empty")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, notAnObject(body)
	}
	m := members{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, malformed("it is not valid JSON")
		}
		name, isName := key.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil || !isName {
			return nil, malformed("it is not valid JSON")
		}
		if _, twice := m[name]; twice && slices.Contains(judged, name) {
			return nil, malformed("%q is there twice", name)
		}
		m[name] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, malformed("it is truncated")
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, malformed("something follows the JSON object")
	}
	return m, nil
}

func notAnObject(body []byte) *defect {
	d := malformed("it is not a JSON object")
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) {
		d.hint = "it looks like a web page: is TokenURL the token endpoint?"
	}
	return d
}

// given reports whether the member is there at all; null counts as absent.
func (m members) given(name string) bool {
	return m[name] != nil && string(m[name]) != "null"
}

// text returns the member if it is a string.
func (m members) text(name string) (string, bool) {
	var s *string
	if !m.given(name) || json.Unmarshal(m[name], &s) != nil {
		return "", false
	}
	return *s, true
}

// oauthError is RFC 6749 section 5.2, as the server wrote it.
type oauthError struct{ code, description, uri string }

func (m members) oauthError() oauthError {
	code, _ := m.text("error")
	description, _ := m.text("error_description")
	uri, _ := m.text("error_uri")
	if code == "" && description == "" {
		description = m.words()
	}
	return oauthError{code, description, uri}
}

// words is what servers say that know no OAuth errors.
func (m members) words() string {
	for _, name := range []string{"message", "detail", "title"} {
		if text, _ := m.text(name); text != "" {
			return text
		}
	}
	var inner map[string]json.RawMessage
	if json.Unmarshal(m["error"], &inner) == nil {
		text, _ := members(inner).text("message")
		return text
	}
	return ""
}

// known returns what is an OAuth error as one. Frameworks put the name of the
// status into the same member.
func (e oauthError) known(status int) oauthError {
	if strings.EqualFold(e.code, http.StatusText(status)) {
		e.code = ""
	}
	return e
}

// token makes a token of a successful answer (RFC 6749 section 5.1) to a
// request that started at start.
func (c *conversation) token(m members, start time.Time) (*oauth2.Token, *defect) {
	if m.given("error") && string(m["error"]) != `""` && string(m["error"]) != "false" {
		return nil, malformed("error is not a string")
	}
	access, ok := m.text("access_token")
	switch {
	case !m.given("access_token") || (ok && access == ""):
		return nil, malformed("there is no access_token")
	case !ok:
		return nil, malformed("access_token is not a string")
	case !wire.ValidToken(access):
		return nil, malformed("access_token holds characters no token may have")
	}
	tokenType, flaw := c.tokenType(m)
	if flaw != nil {
		return nil, flaw
	}
	life, known, ok := m.seconds("expires_in")
	if !ok {
		return nil, malformed("expires_in is not a number of seconds")
	}
	scope, _ := m.text("scope")
	// Permanent, though M10 does not list it: each further attempt would have one
	// more token issued that nobody may use.
	if c.cfg.StrictScope && scope != "" && !sameScopes(strings.Fields(scope), c.cfg.Scopes) {
		return nil, &defect{
			what: fmt.Sprintf("scope is %q, not the %q that was asked for", scope, strings.Join(c.cfg.Scopes, " ")), permanent: true,
			hint: "have just these scopes granted to the client, list others in Scopes, or unset StrictScope",
		}
	}
	token := &oauth2.Token{AccessToken: access, TokenType: tokenType}
	if known {
		token.Expiry = expiry(start, life)
	}
	return token.WithExtra(m.extra()), nil
}

// tokenType returns the answer's token type, spelled as it has to be sent.
func (c *conversation) tokenType(m members) (string, *defect) {
	got, isText := m.text("token_type")
	missing := !m.given("token_type") || (isText && got == "")
	switch {
	case missing && (c.cfg.StrictTokenType || c.cfg.DPoP != nil):
		return "", &defect{
			what: "token_type is missing", permanent: true, kind: ErrTokenType,
			hint: c.missingTypeHint(),
		}
	case missing:
		got = bearer
	case !isText:
		return "", &defect{what: "token_type is not a string", permanent: true, kind: ErrTokenType}
	}
	if !strings.EqualFold(got, c.cfg.TokenType) {
		return "", &defect{
			what: fmt.Sprintf("token_type is %q, not %q", got, c.cfg.TokenType), permanent: true, kind: ErrTokenType,
			hint: c.typeHint(),
		}
	}
	for _, spelling := range []string{bearer, dpopType} {
		if strings.EqualFold(got, spelling) {
			return spelling, nil
		}
	}
	return c.cfg.TokenType, nil
}

func (c *conversation) missingTypeHint() string {
	if c.cfg.DPoP != nil {
		return c.typeHint()
	}
	return "if the server never sends one, unset StrictTokenType"
}

// typeHint says what may help against a token of another kind.
func (c *conversation) typeHint() string {
	if c.cfg.DPoP != nil {
		return "the server has not bound the token to the key, as if it knew no DPoP: have that enabled for this client, or unset DPoP"
	}
	return "if tokens of that kind are meant, set TokenType, or DPoP for tokens that are bound to a key"
}

// sameScopes compares as sets: order and repetition mean nothing (RFC 6749
// section 3.3).
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

// extra is what the token's Extra offers: every member but the tokens
// themselves, numbers as float64 like everywhere in x/oauth2.
func (m members) extra() map[string]any {
	extra := map[string]any{}
	for name, raw := range m {
		switch name {
		case "access_token", "refresh_token":
			continue
		case "scope":
			if scope, _ := m.text(name); scope != "" {
				extra[name] = scope
			}
			continue
		case "refresh_in":
			// A hint only: a server that gets it wrong still gave a token.
			if in, given, ok := m.seconds(name); ok && given {
				extra[name] = in.Seconds()
			}
			continue
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var value any
		if err := d.Decode(&value); err == nil {
			extra[name] = plainNumbers(value)
		}
	}
	return extra
}

// plainNumbers turns numbers into float64. One that does not fit, in a member
// nobody asked for, must not spoil the token: it stays a json.Number.
func plainNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil {
			return f
		}
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plainNumbers(v[key])
		}
	}
	return value
}
