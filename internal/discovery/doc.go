// Package discovery understands what an API publishes about itself: its challenges (RFC 9110, RFC 6750), its protected
// resource metadata (RFC 9728), and the metadata of the authorization servers that it names (RFC 8414, OpenID Connect
// Discovery). It says where documents may be and in which order, reads them strictly, compares them with each other and
// with a configuration, and derives the configuration that follows.
//
// What an API publishes is a claim of a party that wants a token. So an authorization server that the API alone names
// is marked as untrusted, and nothing here makes it one that a secret is sent to.
//
// Everything in it is a pure function, safe for concurrent use: package internal/published does the I/O.
package discovery

// Finding is something that is inconsistent or worth a look.
type Finding struct {
	// Cause says what was found, and Remedy what to do about it; Remedy may be empty.
	Cause, Remedy string
}
