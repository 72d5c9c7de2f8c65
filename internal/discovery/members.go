package discovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// MaxDocument is how long a document may be, in bytes.
const MaxDocument = 1 << 20

// members are those of a JSON object.
type members map[string]json.RawMessage

var (
	errTooLong = errors.New("it is longer than 1 MiB")
	errObject  = errors.New("it is not one JSON object")
	errUTF8    = errors.New("it is not UTF-8")
)

// readMembers reads one JSON object strictly: a member that occurs twice would be read differently by others.
func readMembers(body []byte) (members, error) {
	switch {
	case len(body) > MaxDocument:
		return nil, errTooLong
	case !utf8.Valid(body):
		return nil, errUTF8
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if opening, err := d.Token(); err != nil || opening != json.Delim('{') {
		return nil, errObject
	}
	m := make(members)
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, errObject
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, errObject
		}
		if _, twice := m[name.(string)]; twice {
			return nil, fmt.Errorf("it has the member %.40q twice", name)
		}
		m[name.(string)] = value
	}
	if _, err := d.Token(); err != nil { // the closing brace
		return nil, errObject
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errObject
	}
	return m, nil
}

// given reports whether a member is there and not null.
func (m members) given(name string) bool {
	raw, ok := m[name]
	return ok && string(raw) != "null"
}

// text reads a member that is a string; "" if it is not there.
func (m members) text(name string) (text string, err error) {
	if m.given(name) && json.Unmarshal(m[name], &text) != nil {
		return "", fmt.Errorf("its %s is not a string", name)
	}
	return text, nil
}

// flag reads a member that is a boolean; false if it is not there.
func (m members) flag(name string) (flag bool, err error) {
	if m.given(name) && json.Unmarshal(m[name], &flag) != nil {
		return false, fmt.Errorf("its %s is not true or false", name)
	}
	return flag, nil
}

// list reads a member that is an array of strings; nil if it is not there.
func (m members) list(name string) ([]string, error) {
	if !m.given(name) {
		return nil, nil
	}
	list := []*string{} // not nil, if it is empty
	if json.Unmarshal(m[name], &list) != nil {
		return nil, fmt.Errorf("its %s is not an array of strings", name)
	}
	values := make([]string, len(list))
	for i, value := range list {
		if value == nil {
			return nil, fmt.Errorf("its %s is not an array of strings", name)
		}
		values[i] = *value
	}
	return values, nil
}

// maxScopes is how many scopes of one list are kept.
const maxScopes = 100

// scopes keeps those that are scopes (scope-token, RFC 6749 section 3.3) and short, and reports how many are left out.
func scopes(all []string) (kept []string, omitted int) {
	for _, scope := range all {
		invalid := scope == "" || len(scope) > 256 ||
			strings.ContainsFunc(scope, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
		if invalid || len(kept) == maxScopes {
			omitted++
			continue
		}
		kept = append(kept, scope)
	}
	return kept, omitted
}
