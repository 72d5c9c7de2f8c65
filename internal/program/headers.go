package program

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/alf-go/alf/internal/program/exit"
)

// setHeaders sets what was asked for in place of what is sent by default, as curl does.
func setHeaders(req *http.Request, json bool, given []string) error {
	req.Header.Set("Accept", "*/*")
	req.Header.Set("User-Agent", "alf/"+version())
	switch {
	case json:
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept", "application/json")
	case req.Body != nil:
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	fresh := make(map[string]bool)
	for _, line := range given {
		name, value, ok := strings.Cut(line, ":")
		name, value = textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
		switch {
		case !ok || name == "":
			return exit.Usagef("-H: not of the form 'NAME: VALUE'")
		case name == "Authorization":
			return exit.Usagef("-H: Authorization carries the token: remove it, or use another program")
		case name == "Host":
			req.Host = value
		case value == "" && name == "User-Agent":
			req.Header[name] = []string{""} // or net/http would send its own
		case value == "":
			req.Header.Del(name)
		case !fresh[name]:
			fresh[name] = true
			req.Header.Set(name, value)
		default:
			req.Header.Add(name, value)
		}
	}
	return nil
}
