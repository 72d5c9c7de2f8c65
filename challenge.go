package alf

import (
	"net/http"
	"strings"
)

// excepted reports whether a 401 says that another token would fare no better: the token lacks a scope (RFC 6750 section
// 3.1), or a DPoP nonce is asked for (RFC 9449 section 9). A challenge that calls the token invalid outweighs that.
// Everything else renews, because real servers refuse a dead token with the oddest challenges, or none.
func excepted(header http.Header) bool {
	var v verdict
	v.read(header)
	return (v.scope || v.nonce) && !v.invalid
}

// verdict is what the challenges of one answer say together: that the token lacks a scope, that a DPoP nonce is wanted, that
// the token is not valid.
type verdict struct{ scope, nonce, invalid bool }

func (v *verdict) read(header http.Header) {
	for name, values := range header {
		if !equalFold(name, "WWW-Authenticate") { // in case a base keeps names as they came
			continue
		}
		for _, value := range values {
			eachParam(value, v.note)
		}
	}
}

func (v *verdict) note(scheme, name, value string) {
	if !equalFold(name, "error") || !equalFold(scheme, "Bearer") && !equalFold(scheme, "DPoP") {
		return
	}
	switch {
	case equalFold(value, "insufficient_scope"):
		v.scope = true
	case equalFold(value, "use_dpop_nonce"):
		v.nonce = true
	case equalFold(value, "invalid_token"):
		v.invalid = true
	}
}

// eachParam reports the auth-params of the challenges in one WWW-Authenticate header (RFC 9110 section 11.6.1), each with the
// scheme it belongs to. It is lenient: commas may be missing or be semicolons, values need no quotes, a quote need not be
// closed, and what makes no sense is skipped.
func eachParam(header string, report func(scheme, name, value string)) {
	scheme := ""
	for header != "" {
		switch c := header[0]; {
		case separates(c) || c == '=':
			header = header[1:]
			continue
		case c == '"':
			_, header = quoted(header)
			continue
		}
		var name, value string
		name, header = word(header)
		rest := strings.TrimLeft(header, " \t")
		if !strings.HasPrefix(rest, "=") {
			// A word by itself: a scheme, or its token68, which then stands for a scheme that is none of ours.
			scheme = name
			continue
		}
		rest = strings.TrimLeft(rest[1:], " \t")
		if strings.HasPrefix(rest, `"`) {
			value, header = quoted(rest)
		} else {
			value, header = word(rest)
		}
		report(scheme, name, value)
	}
}

func separates(c byte) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' }

// word reads up to whatever ends a word.
func word(s string) (read, rest string) {
	end := strings.IndexAny(s, " \t,;=\"")
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// quoted reads a quoted-string from its opening quote on, without quotes and escapes. One that is not closed ends with s.
func quoted(s string) (read, rest string) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:]
		case '\\':
			if i++; i == len(s) {
				return b.String(), ""
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}
