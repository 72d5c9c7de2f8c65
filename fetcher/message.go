package fetcher

import (
	"fmt"
	"strings"

	"github.com/alf-go/alf/internal/redact"
)

// message is a sentence of this package, as a format and its arguments. Redaction applies to arguments of type
// untrusted alone. Settings are named as "{TokenURL}", so that a program with names of its own can insert them.
type message struct {
	format string
	args   []any
}

// untrusted is text that came from outside.
type untrusted string

func (m message) empty() bool { return m.format == "" }

// then returns m followed by more, or the one that is not empty.
func (m message) then(separator string, more message) message {
	switch {
	case m.empty():
		return more
	case more.empty():
		return m
	}
	return message{m.format + separator + more.format, append(append([]any(nil), m.args...), more.args...)}
}

// render returns the message with its settings still in braces.
func (m message) render(red *redact.Redactor) string {
	args := make([]any, len(m.args))
	for i, arg := range m.args {
		if text, ok := arg.(untrusted); ok {
			arg = red.Text(string(text))
		}
		args[i] = arg
	}
	return fmt.Sprintf(m.format, args...)
}

// settings are the names that a message may have in braces: fields of Config, by their path.
var settings = []string{
	"TokenURL", "Issuer", "ClientID", "ClientSecret", "Scopes", "Audience", "Resource", "AuthStyle",
	"Assertion.Key", "Assertion.Source", "Assertion.Audience", "Assertion.Algorithm", "Assertion.Certificate", "Assertion.CertificateHeader",
	"Certificate", "DPoP", "DPoP.Key", "DPoP.Algorithm", "TokenType", "AuthScheme", "StrictTokenType", "StrictScope", "AllowHTTP",
	"TokenRequest.TLS.RootCAs", "TokenRequest.TLS.ServerName", "TokenRequest.Timeout", "TokenRequest.Renegotiation",
}

// inNames puts names in the place of the settings of a message.
func inNames(text string, name func(setting string) string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, 2*len(settings))
	for _, setting := range settings {
		pairs = append(pairs, "{"+setting+"}", name(setting))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// ownName is the name that a setting has in this package.
func ownName(setting string) string { return setting }
