package fetcher

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

const (
	oauthDocument  = "/.well-known/oauth-authorization-server"
	openIDDocument = "/.well-known/openid-configuration"
)

// errFound ends the requests for metadata that are not needed any more.
var errFound = errors.New("the metadata were found elsewhere")

// wellKnown lists where an issuer's metadata may be: RFC 8414 section 3 inserts its name before the issuer's path,
// OpenID Connect Discovery section 4 appends its own, and servers do both the other way round as well.
func wellKnown(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	path := strings.TrimSuffix(u.EscapedPath(), "/")
	base := u.Scheme + "://" + u.Host
	return distinct([]string{
		base + oauthDocument + path,
		base + path + openIDDocument,
		base + openIDDocument + path,
		base + path + oauthDocument,
	})
}

// distinct removes repetitions: without a path, inserting and appending are the same.
func distinct(all []string) (out []string) {
	for _, one := range all {
		if !slices.Contains(out, one) {
			out = append(out, one)
		}
	}
	return out
}

// documentAsIssuer returns a hint for an Issuer that is the address of its document.
func documentAsIssuer(issuer string) message {
	u, err := url.Parse(issuer)
	if err != nil {
		return message{}
	}
	for _, document := range []string{oauthDocument, openIDDocument} {
		if before, after, found := strings.Cut(u.EscapedPath(), document); found {
			return message{"that is the address of the metadata, not of the issuer: set {Issuer} to %q", []any{u.Scheme + "://" + u.Host + before + after}}
		}
	}
	return message{}
}
