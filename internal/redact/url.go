package redact

import (
	"net/url"
	"strings"
)

// URL reduces an address to scheme, host and path: the rest of one may be secret. What is no URL is not shown at all.
func URL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	var b strings.Builder
	if u.Scheme != "" {
		b.WriteString(u.Scheme + ":")
	}
	if u.Host != "" {
		b.WriteString("//" + u.Host)
	}
	b.WriteString(u.EscapedPath())
	return b.String()
}
