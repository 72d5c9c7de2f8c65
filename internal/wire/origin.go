package wire

import (
	"net/url"
	"strings"
)

// Origin is a URL's origin (RFC 6454 section 4) in its usual spelling: scheme and host in lower case, without a port that goes
// without saying.
func Origin(u *url.URL) string {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, ":")
	switch scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	// The zone of an address is this machine's business.
	if zone := strings.IndexByte(host, '%'); zone >= 0 && strings.HasPrefix(host, "[") {
		if end := strings.IndexByte(host, ']'); end > zone {
			host = host[:zone] + host[end:]
		}
	}
	return scheme + "://" + host
}
