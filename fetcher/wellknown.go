package fetcher

import (
	"errors"
	"net/url"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// errFound ends the requests for metadata that are not needed any more.
var errFound = errors.New("the metadata were found elsewhere")

// documentAsIssuer returns a hint for an Issuer that is the address of its document.
func documentAsIssuer(issuer string) message {
	u, err := url.Parse(issuer)
	if err != nil {
		return message{}
	}
	for _, document := range []string{wire.OAuthDocument, wire.OpenIDDocument} {
		if before, after, found := strings.Cut(u.EscapedPath(), document); found {
			return message{"that is the address of the metadata, not of the issuer: set {Issuer} to %q", []any{u.Scheme + "://" + u.Host + before + after}}
		}
	}
	return message{}
}
