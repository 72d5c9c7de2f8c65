package fetcher

import (
	"fmt"
	"strings"
)

// AuthStyle is how the client authenticates to the token endpoint. Exactly one way is used, and no other is tried after
// a failure: that would double the requests and send the secret in a form that was not configured.
type AuthStyle int

const (
	// Basic is HTTP Basic with id and secret form-encoded first, as RFC 6749 section 2.3.1 requires. It is the default.
	Basic AuthStyle = iota
	// BasicRaw is HTTP Basic with id and secret as they are, for servers that do not decode them. It differs from Basic
	// only for ids and secrets with reserved characters.
	BasicRaw
	// Post sends client_id and client_secret in the body, as RFC 6749 section 2.3.1 allows but does not recommend.
	Post
	// SecretJWT sends an assertion that the client secret signs (RFC 7523 section 2.2), so that the secret itself is
	// not sent.
	SecretJWT
	// PrivateKeyJWT sends an assertion that Assertion.Key signs (RFC 7523 section 2.2).
	PrivateKeyJWT
	// ExternalAssertion sends an assertion of another party, which Assertion.Source returns: workload identity (RFC
	// 7521 section 4.2).
	ExternalAssertion
	// TLS authenticates by Certificate, which was issued by an authority that the server trusts (RFC 8705 section 2.1).
	TLS
	// SelfSignedTLS authenticates by Certificate, which is registered at the server (RFC 8705 section 2.2).
	SelfSignedTLS
)

// The names of RFC 7591 section 2 and its successors, and similar ones for what has none.
var authStyleNames = []string{
	Basic:             "client_secret_basic",
	BasicRaw:          "client_secret_basic_raw",
	Post:              "client_secret_post",
	SecretJWT:         "client_secret_jwt",
	PrivateKeyJWT:     "private_key_jwt",
	ExternalAssertion: "client_assertion",
	TLS:               "tls_client_auth",
	SelfSignedTLS:     "self_signed_tls_client_auth",
}

// AuthStyles returns all styles.
func AuthStyles() []AuthStyle {
	all := make([]AuthStyle, len(authStyleNames))
	for i := range all {
		all[i] = AuthStyle(i)
	}
	return all
}

func (s AuthStyle) exists() bool { return s >= 0 && int(s) < len(authStyleNames) }

// hasSecret reports whether ClientSecret is used.
func (s AuthStyle) hasSecret() bool { return s <= SecretJWT }

// sendsAssertion reports whether a client assertion is sent.
func (s AuthStyle) sendsAssertion() bool { return s >= SecretJWT && s <= ExternalAssertion }

// signs reports whether the client makes and signs that assertion itself.
func (s AuthStyle) signs() bool { return s == SecretJWT || s == PrivateKeyJWT }

// isTLS reports whether the client authenticates by its certificate alone.
func (s AuthStyle) isTLS() bool { return s == TLS || s == SelfSignedTLS }

// registered is the style's name in an authorization server's metadata (RFC 8414 section 2); "" if servers do not agree
// on one.
func (s AuthStyle) registered() string {
	switch s {
	case BasicRaw:
		return authStyleNames[Basic]
	case ExternalAssertion:
		return ""
	}
	return s.String()
}

// String returns the style's name, for instance "client_secret_basic".
func (s AuthStyle) String() string {
	if s.exists() {
		return authStyleNames[s]
	}
	return fmt.Sprintf("AuthStyle(%d)", int(s))
}

// MarshalText returns the style's name. It fails for a value that is not one of the constants.
func (s AuthStyle) MarshalText() ([]byte, error) {
	if s.exists() {
		return []byte(authStyleNames[s]), nil
	}
	return nil, fmt.Errorf("AuthStyle %d does not exist: use one of the constants", int(s))
}

// UnmarshalText reads a style's name, so that a flag, an environment variable or a configuration file can choose it. It
// fails, listing the names, for anything else.
func (s *AuthStyle) UnmarshalText(text []byte) error {
	for style, name := range authStyleNames {
		if name == string(text) {
			*s = AuthStyle(style)
			return nil
		}
	}
	return fmt.Errorf("authentication style %q does not exist: use one of %s", text, strings.Join(authStyleNames, ", "))
}
