package sim

// binding is what a token is bound to, and what a request shows that its client has: thumbprints of a key (RFC 9449
// section 6) and of a certificate (RFC 8705 section 3); "" for none.
type binding struct{ key, certificate string }

// confirmation is the member "cnf" of an access token (RFC 7800 section 3.1); nil if it is bound to nothing.
func (b binding) confirmation() map[string]string {
	members := map[string]string{}
	if b.key != "" {
		members["jkt"] = b.key
	}
	if b.certificate != "" {
		members["x5t#S256"] = b.certificate
	}
	if len(members) == 0 {
		return nil
	}
	return members
}

// tokenType is what a token that is bound so is called, and sent as.
func (b binding) tokenType() string {
	if b.key != "" {
		return "DPoP"
	}
	return "Bearer"
}
