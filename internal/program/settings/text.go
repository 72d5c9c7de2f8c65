package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// parseParams repeats no value in its error: there may be secrets among them.
func parseParams(given []string) (url.Values, error) {
	params := make(url.Values)
	for _, pairs := range given {
		parsed, err := url.ParseQuery(pairs)
		if err != nil || !strings.Contains(pairs, "=") {
			return nil, errors.New("not of the form KEY=VALUE[&KEY=VALUE], form-encoded: write % as %25, & as %26, + as %2B")
		}
		for key, values := range parsed {
			params[key] = append(params[key], values...)
		}
	}
	return params, nil
}

// parseMembers reads NAME=VALUE. A value that is not JSON is a text.
func parseMembers(given []string) (map[string]any, error) {
	members := make(map[string]any)
	for _, pair := range given {
		name, text, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, errors.New("not of the form NAME=VALUE, with a text or JSON as value")
		}
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("%q occurs twice: give all its values in one JSON array", name)
		}
		var value any
		if json.Unmarshal([]byte(text), &value) != nil {
			value = text
		}
		members[name] = value
	}
	return members, nil
}

// parseHeaders reads lines like "Name: value".
func parseHeaders(given []string) (http.Header, error) {
	header := make(http.Header)
	for _, lines := range given {
		for line := range strings.Lines(lines) {
			name, value, ok := strings.Cut(line, ":")
			if name = strings.TrimSpace(name); !ok || name == "" {
				return nil, errors.New("not of the form 'NAME: VALUE'")
			}
			name = textproto.CanonicalMIMEHeaderKey(name)
			header[name] = append(header[name], strings.TrimSpace(value))
		}
	}
	return header, nil
}
