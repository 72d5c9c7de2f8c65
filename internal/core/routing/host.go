package routing

import (
	"net/netip"
	"strings"
)

// ownHosts are those that every listener serves: what is on the machine itself, by whatever port.
var ownHosts = []string{"localhost", "127.0.0.1", "::1"}

// servedName is a host of the configuration in the form of HostName: an address may be written there in any of its
// forms, with and without brackets.
func servedName(host string) string {
	if address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")); err == nil {
		return address.String()
	}
	return strings.ToLower(host)
}

// HostName returns the name or address in a Host header (RFC 9110 section 7.2), in lower case, without port and
// brackets. It is strict: false for user information, spaces, empty names, and ports that are none.
func HostName(host string) (string, bool) {
	name, port, hasPort := host, "", false
	if strings.HasPrefix(host, "[") {
		end := strings.IndexByte(host, ']')
		if end < 0 {
			return "", false
		}
		address, err := netip.ParseAddr(host[1:end])
		if err != nil || !address.Is6() || address.Zone() != "" {
			return "", false
		}
		rest := host[end+1:]
		if rest != "" && rest[0] != ':' {
			return "", false
		}
		name, port, hasPort = address.String(), strings.TrimPrefix(rest, ":"), rest != ""
	} else if i := strings.IndexByte(host, ':'); i >= 0 {
		name, port, hasPort = host[:i], host[i+1:], true
	}
	if name == "" || hasPort && !isPort(port) {
		return "", false
	}
	for i := range len(name) {
		if c := name[i]; !(c == '-' || c == '.' || c == '_' || c == ':' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z') {
			return "", false
		}
	}
	return strings.ToLower(name), true
}

func isPort(s string) bool {
	if s == "" || len(s) > 5 {
		return false
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n <= 65535
}
