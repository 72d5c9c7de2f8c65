package wire

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// Origin is a URL's origin (RFC 6454 section 4) in its usual spelling: scheme and host in lower case, without a port
// that goes without saying.
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

// Port is a URL's port, or the one that its scheme implies; "" if it implies none.
func Port(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	switch strings.ToLower(u.Scheme) {
	case "https":
		return "443"
	case "http":
		return "80"
	}
	return ""
}

// ASCIIHost reports whether a URL's host is spelled as it is sent; beyond ASCII, servers see another name.
func ASCIIHost(u *url.URL) bool {
	for i := range len(u.Host) {
		if u.Host[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
