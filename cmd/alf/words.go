package main

import (
	"regexp"
	"strings"
)

// fields are the names that the library's messages use, and what a user of the program has to turn instead.
var fields = map[string]string{
	"TokenURL":            "--token-url",
	"ClientID":            "--client-id",
	"ClientSecret":        "the client secret",
	"Scopes":              "--scope",
	"Audience":            "--audience",
	"Params":              "--param",
	"AuthStyle":           "--auth-style",
	"TokenRequest.Header": "--token-header",
	"Config.Origins":      "--origin",
	"Origins":             "--origin",
	"Config.AllowHTTP":    "--allow-http",
	"AllowHTTP":           "--allow-http",
	"TLS.RootCAs":         "--ca-file",
}

// A name within a path or a quoted word is somebody else's.
var fieldName = regexp.MustCompile(`(^|[\s(])((?:TokenRequest|Config|TLS)\.)?[A-Z][A-Za-z]+\b`)

// inFlags says a message of the library in the program's words.
func inFlags(text string) string {
	// The program has no flag for the one thing, and a better remedy for it.
	text = strings.ReplaceAll(text, ", or set TLS.ServerName", "")
	return fieldName.ReplaceAllStringFunc(text, func(found string) string {
		name := strings.TrimLeft(found, " \t\n(")
		if flag, ok := fields[name]; ok {
			return found[:len(found)-len(name)] + flag
		}
		return found
	})
}
