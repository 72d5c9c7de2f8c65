package manager

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"unicode/utf8"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
)

// compact is a token of a pool with its snapshot, as one allocation. Most of a token's memory is its value; of the
// members that came with it, only their text is kept, until a caller asks for them (P5).
type compact struct {
	snapshot snapshot
	token    Token
	material material
}

// newCompact makes a token of what a fetch returned. It is nil if the token has something that the text would lose.
func newCompact(t *oauth2.Token, p core.Publication) *compact {
	scheme := t.Type()
	members, ok := membersOf(t)
	if !ok || t.TokenType != scheme || t.RefreshToken != "" || t.ExpiresIn != 0 || strings.Contains(scheme, " ") {
		return nil
	}
	c := &compact{material: material{authorization: scheme + " " + t.AccessToken, members: members}}
	m := &c.material
	c.token = Token{
		id: p.Token, expiry: p.Expiry, margin: p.Expiry.Sub(p.EffectiveExpiry), ahead: p.Expiry.Sub(p.RefreshTime),
		reveal: func() *material { return m },
	}
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
	members, ok := plain(raw)
	if _, isMap := members.(map[string]any); !ok || !isMap {
		return "", false
	}
	encoded, err := json.Marshal(members)
	return string(encoded), err == nil
}

// plain returns a value that JSON can represent, with ok false for any other.
func plain(v reflect.Value) (value any, ok bool) {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return nil, true
		}
		return plain(v.Elem())
	case reflect.Bool:
		return v.Bool(), v.Type() == reflect.TypeFor[bool]()
	case reflect.Float64:
		f := v.Float()
		return f, v.Type() == reflect.TypeFor[float64]() && !math.IsNaN(f) && !math.IsInf(f, 0)
	case reflect.String:
		return v.String(), v.Type() == reflect.TypeFor[string]() && utf8.ValidString(v.String())
	case reflect.Slice:
		return plainList(v)
	case reflect.Map:
		return plainMembers(v)
	}
	return nil, false
}

func plainList(v reflect.Value) (value any, ok bool) {
	if v.Type() != reflect.TypeFor[[]any]() || v.IsNil() {
		return nil, false
	}
	list := make([]any, v.Len())
	for i := range list {
		if list[i], ok = plain(v.Index(i)); !ok {
			return nil, false
		}
	}
	return list, true
}

func plainMembers(v reflect.Value) (value any, ok bool) {
	if v.Type() != reflect.TypeFor[map[string]any]() || v.IsNil() {
		return nil, false
	}
	members := make(map[string]any, v.Len())
	for i := v.MapRange(); i.Next(); {
		name := i.Key().String()
		if members[name], ok = plain(i.Value()); !ok || !utf8.ValidString(name) {
			return nil, false
		}
	}
	return members, true
}
