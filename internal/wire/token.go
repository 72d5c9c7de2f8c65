package wire

// ValidToken reports whether s may be sent as an access token: not empty, and printable ASCII without space (0x21 to
// 0x7e) throughout. It is wider than RFC 6750's b68token, because real servers use more than that, and narrow enough
// that a token can neither end a header line nor start another.
func ValidToken(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
