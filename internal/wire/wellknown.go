package wire

import (
	"net/url"
	"slices"
	"strings"
)

// The well-known names of an authorization server's metadata (RFC 8414 section 3, OpenID Connect Discovery section 4).
const (
	OAuthDocument  = "/.well-known/oauth-authorization-server"
	OpenIDDocument = "/.well-known/openid-configuration"
)

// ServerMetadata lists where an issuer's metadata may be, in the order in which they are asked for: RFC 8414 section 3
// inserts its name before the issuer's path, OpenID Connect Discovery section 4 appends its own, and servers do both
// the other way round as well. Nil: the issuer is no URL.
func ServerMetadata(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	base := u.Scheme + "://" + u.Host
	return Distinct([]string{
		base + OAuthDocument + path,
		base + path + OpenIDDocument,
		base + OpenIDDocument + path,
		base + path + OAuthDocument,
	})
}

// Distinct removes repetitions, and keeps the order.
func Distinct(all []string) (out []string) {
	for _, one := range all {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}
