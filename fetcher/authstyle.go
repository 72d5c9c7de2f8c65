package fetcher

import "fmt"

// AuthStyle is how the client proves who it is to the token endpoint. Exactly
// one way is used, and never another tried after a failure: that would double
// the requests and show the secret in a form nobody asked for.
type AuthStyle int

const (
	// Basic is HTTP Basic with id and secret form-encoded first, as RFC 6749
	// section 2.3.1 demands. It is the default.
	Basic AuthStyle = iota
	// BasicRaw is HTTP Basic with id and secret as they are, for servers that
	// do not decode them. It differs from Basic only for ids and secrets with
	// reserved characters.
	BasicRaw
	// Post sends client_id and client_secret in the body, as RFC 6749
	// section 2.3.1 allows but does not recommend.
	Post
)

// The names of RFC 7591 section 2, and one of the same make for what has none.
var authStyleNames = map[AuthStyle]string{
	Basic:    "client_secret_basic",
	BasicRaw: "client_secret_basic_raw",
	Post:     "client_secret_post",
}

// String returns the style's name, for instance "client_secret_basic".
func (s AuthStyle) String() string {
	if name, ok := authStyleNames[s]; ok {
		return name
	}
	return fmt.Sprintf("AuthStyle(%d)", int(s))
}

// MarshalText returns the style's name. It fails for a value that is no style.
func (s AuthStyle) MarshalText() ([]byte, error) {
	if name, ok := authStyleNames[s]; ok {
		return []byte(name), nil
	}
	return nil, fmt.Errorf("AuthStyle %d does not exist: use Basic, BasicRaw or Post", int(s))
}

// UnmarshalText reads a style's name, so that a flag, an environment variable
// or a configuration file can choose it. It fails, listing the names, for
// anything else.
func (s *AuthStyle) UnmarshalText(text []byte) error {
	for style, name := range authStyleNames {
		if name == string(text) {
			*s = style
			return nil
		}
	}
	return fmt.Errorf("authentication style %q does not exist: use %s, %s or %s", text, Basic, BasicRaw, Post)
}
