package program

import (
	"regexp"
	"strings"
)

// fields are the names that the library's messages use, and what a user of the program has to turn instead.
var fields = map[string]string{
	"TokenURL":            "--token-url",
	"Issuer":              "--issuer",
	"ClientID":            "--client-id",
	"ClientSecret":        "the client secret",
	"Scopes":              "--scope",
	"Audience":            "--audience",
	"Resource":            "--resource",
	"Params":              "--param",
	"Assertion.Key":       "--key-file",
	"Assertion.Source":    "--assertion-file",
	"Assertion.Audience":  "--assertion-audience",
	"Assertion.Algorithm": "--assertion-algorithm",
	"Assertion.Type":      "--assertion-typ",
	"Assertion.Lifetime":  "--assertion-lifetime",
	"Assertion.Format":    "--assertion-format",
	"Certificate":         "--cert-file",
	"DPoP.Key":            "--dpop-key-file",
	"DPoP.Algorithm":      "--dpop-algorithm",
	"AuthStyle":           "--auth-style",
	"TokenRequest.Header": "--token-header",
	"Config.Origins":      "--origin",
	"Origins":             "--origin",
	"Config.AllowHTTP":    "--allow-http",
	"AllowHTTP":           "--allow-http",
	"TLS.RootCAs":         "--ca-file",
}

// phrases are what has no flag, or is no name of a setting everywhere.
var phrases = strings.NewReplacer(
	// The program has no flag for the one thing, and a better remedy for it.
	", or set TLS.ServerName", "",
	"wants DPoP proofs: set DPoP", "wants DPoP proofs: set --dpop",
	"AuthStyle BasicRaw: use Basic or Post", "AuthStyle client_secret_basic_raw: use client_secret_basic or client_secret_post",
	"move it to ClientID and ClientSecret", "move it to ClientID and a file for the secret",
	"goes into ClientSecret, with client_secret_jwt", "goes into a file for --secret-file, with --auth-style client_secret_jwt",
	"if tokens of that kind are meant, set TokenType, or DPoP for tokens that are bound to a key",
	"have the server hand out Bearer tokens, or set --dpop if they are to be bound to a key",
	", or unset DPoP", ", or remove --dpop",
)

// A name within a path or a quoted word is somebody else's.
var fieldName = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|(^|[\s(])((?:TokenRequest|Config|TLS|Assertion|DPoP)\.)?[A-Z][A-Za-z]+\b`)

// inFlags says a message of the library in the program's words.
func inFlags(text string) string {
	return fieldName.ReplaceAllStringFunc(phrases.Replace(text), func(found string) string {
		name := strings.TrimLeft(found, " \t\n(")
		if flag, ok := fields[name]; ok {
			return found[:len(found)-len(name)] + flag
		}
		return found
	})
}
