package settings

import (
	"errors"
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
