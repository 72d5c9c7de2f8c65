package fetcher

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
)

// members are those of the one JSON object a response has to be, in its order. Names are compared exactly, as JSON has
// it: encoding/json's structs would not. The values are parts of the body, so that a response of many members costs
// little more than itself.
type members []member

type member struct {
	name  string
	value json.RawMessage
}

// decisive are the members of a token response on which something depends.
var decisive = []string{
	"access_token", "token_type", "expires_in", "refresh_in", "scope",
	"error", "error_description", "error_uri",
}

var byteOrderMark = []byte("\ufeff")

// parseMembers reads body as exactly one JSON object. A second one of the decisive members is an error: another reader
// may have taken the other.
func parseMembers(body []byte, decisive []string) (members, *responseError) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, byteOrderMark)) // RFC 8259 section 8.1: may be ignored
	switch {
	case len(body) == 0:
		return nil, malformed("it is empty")
	case body[0] != '{':
		return nil, notAnObject(body)
	case !json.Valid(body):
		return nil, malformed(invalidity(body))
	}
	m := split(body)
	seen := make([]bool, len(decisive))
	for _, one := range m {
		if i := slices.Index(decisive, one.name); i >= 0 {
			if seen[i] {
				return nil, malformed("%q is there twice", one.name)
			}
			seen[i] = true
		}
	}
	return m, nil
}

// invalidity says what is wrong with a body that begins as an object does.
func invalidity(body []byte) string {
	var first json.RawMessage
	d := json.NewDecoder(bytes.NewReader(body))
	switch err := d.Decode(&first); {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it is truncated"
	case err != nil:
		return "it is not valid JSON"
	}
	return "something follows the JSON object"
}

func notAnObject(body []byte) *responseError {
	e := malformed("it is not a JSON object")
	if bytes.HasPrefix(body, []byte("<")) {
		e.hint = message{format: "it looks like a web page: is {TokenURL} the token endpoint?"}
	}
	return e
}

// split takes an object apart whose syntax is known to be valid.
func split(object []byte) members {
	m := make(members, 0, topLevelCommas(object)+1)
	s := syntax{text: object, at: 1}
	for {
		s.skip()
		if s.text[s.at] == '}' {
			return m
		}
		name := s.value()
		s.skip()
		m = append(m, member{unquote(name), s.value()})
	}
}

func topLevelCommas(object []byte) (n int) {
	s := syntax{text: object, at: 1}
	for s.at < len(object) {
		switch object[s.at] {
		case ',':
			n++
			s.at++
		case '"', '{', '[':
			s.value()
		default:
			s.at++
		}
	}
	return n
}

// syntax walks through JSON that is known to be valid.
type syntax struct {
	text []byte
	at   int
}

// skip goes past white space and one of the separators of JSON.
func (s *syntax) skip() {
	for {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n', ',', ':':
			s.at++
		default:
			return
		}
	}
}

// value returns the value at the current place, and goes past it.
func (s *syntax) value() json.RawMessage {
	start := s.at
	switch s.text[s.at] {
	case '"':
		s.pastString()
	case '{', '[':
		for depth := 0; ; {
			switch s.text[s.at] {
			case '"':
				s.pastString()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if s.at++; depth == 0 {
				return s.text[start:s.at]
			}
		}
	default:
		for s.inScalar() {
			s.at++
		}
	}
	return s.text[start:s.at]
}

func (s *syntax) inScalar() bool {
	switch s.text[s.at] {
	case ' ', '\t', '\r', '\n', ',', ']', '}':
		return false
	}
	return true
}

func (s *syntax) pastString() {
	for s.at++; s.text[s.at] != '"'; s.at++ {
		if s.text[s.at] == '\\' {
			s.at++
		}
	}
	s.at++
}

// unquote reads a JSON string that is known to be valid.
func unquote(quoted json.RawMessage) string {
	inner := quoted[1 : len(quoted)-1]
	if !slices.ContainsFunc(inner, func(b byte) bool { return b == '\\' || b > '~' }) {
		return string(inner)
	}
	var s string
	_ = json.Unmarshal(quoted, &s)
	return s
}

// get returns a member's value, the last one if there are several; nil if there is none.
func (m members) get(name string) json.RawMessage {
	for i := len(m) - 1; i >= 0; i-- {
		if m[i].name == name {
			return m[i].value
		}
	}
	return nil
}

// given reports whether the member is there at all; null counts as absent.
func (m members) given(name string) bool {
	value := m.get(name)
	return value != nil && string(value) != "null"
}

// text returns the member if it is a string.
func (m members) text(name string) (string, bool) {
	value := m.get(name)
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	return unquote(value), true
}

// object returns the members of a member that is an object; none if it is something else.
func (m members) object(name string) members {
	value := m.get(name)
	if len(value) == 0 || value[0] != '{' {
		return nil
	}
	return split(value)
}

// strings returns the member if it is a list of strings.
func (m members) strings(name string) (list []string, ok bool) {
	value := m.get(name)
	if len(value) == 0 || value[0] != '[' || json.Unmarshal(value, &list) != nil {
		return nil, false
	}
	return list, true
}

// extra is what the token's Extra returns: every member except the tokens themselves, numbers as float64 like
// everywhere in x/oauth2.
func (m members) extra() map[string]any {
	extra := make(map[string]any, len(m))
	for _, one := range m {
		switch one.name {
		case "access_token", "refresh_token":
			continue
		case "scope":
			if scope, isText := m.text("scope"); isText && scope == "" {
				continue // fosite and hydra send it for "as requested"
			}
		case "refresh_in":
			// A hint only: a server that gets it wrong still issued a token.
			if in, given, ok := m.seconds("refresh_in"); ok && given {
				extra["refresh_in"] = in.Seconds()
			}
			continue
		}
		if value, ok := plainValue(one.value); ok {
			extra[one.name] = value
		}
	}
	return extra
}

// plainValue decodes a value. Those without structure, of which a response may have many, are decoded without
// encoding/json.
func plainValue(raw json.RawMessage) (any, bool) {
	switch raw[0] {
	case '"':
		return unquote(raw), true
	case 't':
		return true, true
	case 'f':
		return false, true
	case 'n':
		return nil, true
	case '{', '[':
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var value any
		if d.Decode(&value) != nil {
			return nil, false
		}
		return plainNumbers(value), true
	}
	return plainNumbers(json.Number(raw)), true
}

// plainNumbers turns numbers into float64. One that does not fit, in a member that nothing depends on, must not spoil
// the token: it stays a json.Number.
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
