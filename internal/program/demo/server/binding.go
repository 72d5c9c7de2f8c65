package server

// binding is what a token is bound to, and what a request shows that its client has: thumbprints of a key (RFC 9449
// section 6) and of a certificate (RFC 8705 section 3); "" for none.
type binding struct{ key, certificate string }

// satisfied reports whether a request that shows so much may use a token that is bound so.
func (b binding) satisfied(shown binding) bool {
	return (b.key == "" || b.key == shown.key) && (b.certificate == "" || b.certificate == shown.certificate)
}
