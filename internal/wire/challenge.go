package wire

import "strings"

// EachAuthParam reports the auth-params of the challenges in one WWW-Authenticate header (RFC 9110 section 11.6.1),
// each with the scheme it belongs to. A scheme is reported by itself before its auth-params, with an empty name; a
// token68 looks like one as well. It is lenient: commas may be missing or be semicolons, values need no quotes, a quote
// need not be closed, and what makes no sense is skipped.
func EachAuthParam(header string, report func(scheme, name, value string)) {
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
			report(scheme, "", "")
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

// quoted reads a quoted-string from its opening quote on, without quotes and escapes. One that is not closed ends with
// s.
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
