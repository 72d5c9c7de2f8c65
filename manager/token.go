package manager

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Token is one access token as callers see it: immutable, safe for concurrent use, and always handed out as a pointer.
//
// Its identity is its value: two tokens with the same value are the same token to [Manager.Invalidate], even when the
// endpoint handed the value out again with a later expiry. ID is a number that names the token in logs, where the value
// must not appear. However a Token is printed (fmt, JSON, slog), it prints as a redaction; only [Token.Value],
// [Token.Authorization] and [Token.OAuth2] reveal it, to a caller that asks for them by name.
type Token struct {
	id     uint64
	expiry time.Time
	// margin and ahead are how long before the expiry the effective expiry and the refresh time are.
	margin, ahead time.Duration
	// A function, because fmt looks into unexported fields of a caller's struct without asking for methods.
	reveal func() *material
}

type material struct {
	authorization string
	oauth         *oauth2.Token // nil: it is made again, of authorization and of
	members       string        // the text of what Extra returns
}

// NewToken wraps an oauth2 token, for managers and tests other than [Manager], which makes its own. The token's Expiry
// is taken as it is; a zero one means that it is not known. id should distinguish the tokens of one manager.
func NewToken(id uint64, t *oauth2.Token) *Token {
	// One string holds the value for both.
	scheme := t.Type() + " "
	whole := &struct {
		material
		token oauth2.Token
	}{token: *t}
	m := &whole.material
	m.authorization, m.oauth = scheme+t.AccessToken, &whole.token
	m.oauth.AccessToken = m.authorization[len(scheme):]
	return &Token{id: id, expiry: t.Expiry, reveal: func() *material { return m }}
}

var noMaterial = &material{oauth: new(oauth2.Token)}

func (t *Token) material() *material {
	if t == nil || t.reveal == nil {
		return noMaterial
	}
	return t.reveal()
}

// ID names the token where its value must not appear, such as in logs and [Event]. Numbers start at 1 and belong to one
// manager; a value that is handed out again keeps its number.
func (t *Token) ID() uint64 { return t.id }

// Value is the access token itself. It is a secret.
func (t *Token) Value() string {
	m := t.material()
	if m.oauth != nil {
		return m.oauth.AccessToken
	}
	return m.authorization[strings.IndexByte(m.authorization, ' ')+1:]
}

// Authorization is the ready-made value of the Authorization header, such as "Bearer abc" (RFC 6750 section 2.1). It is
// a secret, and built once per token.
func (t *Token) Authorization() string { return t.material().authorization }

// Expiry is when the token expires according to the endpoint, on the wall clock. It stops being handed out a margin
// earlier; see [Policy].
func (t *Token) Expiry() time.Time { return t.expiry }

// EffectiveExpiry is when the token stops being handed out, a margin before Expiry, on the wall clock: see [Policy].
// Whatever is to end with the token, such as a connection, should have another one by then. A token made by [NewToken]
// returns its Expiry, zero if that is not known.
func (t *Token) EffectiveExpiry() time.Time { return t.expiry.Add(-t.margin) }

// RefreshTime is when the manager starts to fetch the token's successor, if the token is in use by then, on the wall
// clock. A token made by [NewToken] returns its Expiry.
func (t *Token) RefreshTime() time.Time { return t.expiry.Add(-t.ahead) }

// OAuth2 converts to a golang.org/x/oauth2 token, a new one at each call, with whatever Extra the endpoint's response
// carried. It holds the secret in the open, and unlike Token prints it.
func (t *Token) OAuth2() *oauth2.Token {
	m := t.material()
	var o oauth2.Token
	if m.oauth != nil {
		o = *m.oauth
	} else {
		o = m.expand()
	}
	o.Expiry = t.Expiry()
	return &o
}

// Same reports whether both are the same token, which is to say: have the same value.
func (t *Token) Same(other *Token) bool {
	return t != nil && other != nil && t.Value() == other.Value()
}

func (t Token) redacted() string {
	return "Token(#" + strconv.FormatUint(t.id, 10) + " REDACTED)"
}

// String returns a redaction.
func (t Token) String() string { return t.redacted() }

// GoString returns a redaction.
func (t Token) GoString() string { return t.redacted() }

// Format prints a redaction, whatever the verb.
func (t Token) Format(f fmt.State, _ rune) { io.WriteString(f, t.redacted()) }

// MarshalJSON returns a redaction.
func (t Token) MarshalJSON() ([]byte, error) { return json.Marshal(t.redacted()) }

// MarshalText returns a redaction.
func (t Token) MarshalText() ([]byte, error) { return []byte(t.redacted()), nil }

// LogValue returns a redaction.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.redacted()) }
