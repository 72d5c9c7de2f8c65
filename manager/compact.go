package manager

import (
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/oauth2"
)

// compact is a token of a pool with its snapshot, as one allocation. Most of a token's memory is its value; of the
// members that came with it, only their text is kept, until a caller asks for them (P5).
type compact struct {
	snapshot snapshot
	token    Token
	material material
}

// newCompact makes a token of what a fetch returned, without its times. It is nil if the token has something that the
// text would lose.
func newCompact(t *oauth2.Token) *compact {
	scheme := t.Type()
	members, ok := membersOf(t)
	if !ok || t.TokenType != scheme || t.RefreshToken != "" || t.ExpiresIn != 0 || strings.Contains(scheme, " ") {
		return nil
	}
	c := &compact{material: material{authorization: scheme + " " + t.AccessToken, members: members}}
	m := &c.material
	c.token.reveal = func() *material { return m }
	return c
}

// expand makes the oauth2 token again.
func (m *material) expand() oauth2.Token {
	scheme, value, _ := strings.Cut(m.authorization, " ")
	t := oauth2.Token{TokenType: scheme, AccessToken: value}
	var members map[string]any
	if m.members == "" || json.Unmarshal([]byte(m.members), &members) != nil {
		return t
	}
	return *t.WithExtra(members)
}

// membersOf returns the text of what Extra returns: "" if that is nothing. ok is false for values that would not be the
// same again, such as numbers of another type than float64. x/oauth2 offers no list of the members, so the field is
// looked at; a version without it leaves the token as it is.
func membersOf(t *oauth2.Token) (text string, ok bool) {
	raw := reflect.ValueOf(t).Elem().FieldByName("raw")
	if !raw.IsValid() || raw.Kind() != reflect.Interface {
		return "", false
	}
	if raw.IsNil() {
		return "", true
	}
	if raw = raw.Elem(); raw.Type() != reflect.TypeFor[map[string]any]() {
		return "", false
	}
	b := make([]byte, 0, 256)
	b = append(b, '{')
	for i := raw.MapRange(); i.Next(); {
		name := i.Key().String()
		b = appendString(b, name, len(b) > 1)
		b = append(b, ':')
		if b, ok = appendPlain(b, t.Extra(name)); !ok || !utf8.ValidString(name) {
			return "", false
		}
	}
	return string(append(b, '}')), true
}

// appendPlain appends the JSON text of a value, with ok false if the value that the text stands for is another one.
func appendPlain(b []byte, value any) (_ []byte, ok bool) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), true
	case bool:
		return strconv.AppendBool(b, v), true
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64), !math.IsNaN(v) && !math.IsInf(v, 0)
	case string:
		return appendString(b, v, false), utf8.ValidString(v)
	case []any:
		b = append(b, '[')
		for i := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, ok = appendPlain(b, v[i]); !ok {
				return nil, false
			}
		}
		return append(b, ']'), v != nil
	case map[string]any:
		b = append(b, '{')
		first := true
		for name, member := range v {
			b = append(appendString(b, name, !first), ':')
			if b, ok = appendPlain(b, member); !ok || !utf8.ValidString(name) {
				return nil, false
			}
			first = false
		}
		return append(b, '}'), v != nil
	}
	return nil, false
}

// appendString appends a string of JSON, behind a comma if there are others before it.
func appendString(b []byte, s string, behind bool) []byte {
	if behind {
		b = append(b, ',')
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // it cannot fail: it is a string
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
