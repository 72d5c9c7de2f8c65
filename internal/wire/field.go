package wire

import "strings"

// ValidName reports whether s is a token of RFC 9110 section 5.6.2: the name of a header, a method or an authentication
// scheme.
func ValidName(s string) bool {
	return ValidToken(s) && !strings.ContainsAny(s, `"(),/:;<=>?@[\]{}`)
}

// PercentEncode encodes the bytes that have to be (RFC 3986 section 2.1).
func PercentEncode(s string, has func(c byte) bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; has(c) {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
