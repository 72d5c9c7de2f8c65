package discovery

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// maxAddress is more than any address has, in bytes.
const maxAddress = 512

// Address reads an address that a document or a challenge names. Errors say what is wrong with it, and repeat nothing
// of it. What it returns consists of characters that need no quotes in a shell's single quotes, in Go and in JSON.
func Address(text string) (*url.URL, error) {
	switch {
	case text == "":
		return nil, errors.New("it is empty")
	case len(text) > maxAddress:
		return nil, errors.New("it is longer than 512 bytes")
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("\"'<>\\^`{|}", r) }):
		return nil, errors.New("it has characters that no URL may have (RFC 3986 section 2)")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("it is not an absolute https URL")
	case u.Hostname() == "":
		return nil, errors.New("it has no host")
	case u.User != nil:
		return nil, errors.New("it holds a name or password")
	case strings.Contains(text, "#"):
		return nil, errors.New("it has a fragment")
	}
	return u, nil
}

// issuer reads the address of an authorization server (RFC 8414 section 2).
func issuer(text string) error {
	u, err := Address(text)
	if err == nil && (u.RawQuery != "" || u.ForceQuery) {
		err = errors.New("it has a query, which no issuer has (RFC 8414 section 2)")
	}
	return err
}

// Class is what kind of address a host has. An API on the internet must not make this machine ask one of its own
// network.
type Class int

// The classes.
const (
	// Public is everything else.
	Public Class = iota
	// Loopback is this machine.
	Loopback
	// Private is a network of its own: RFC 1918, RFC 4193, RFC 6598 and the former site-local addresses.
	Private
	// LinkLocal is what is reached without a router, such as the metadata services of clouds at 169.254.169.254.
	LinkLocal
	// Special is an address that no server has: unspecified, multicast, reserved, or for documentation.
	Special
)

// String is the adjective for an address.
func (c Class) String() string {
	switch c {
	case Public:
		return "public"
	case Loopback:
		return "loopback"
	case Private:
		return "private"
	case LinkLocal:
		return "link-local"
	default:
		return "reserved"
	}
}

func prefixes(all ...string) (parsed []netip.Prefix) {
	for _, one := range all {
		parsed = append(parsed, netip.MustParsePrefix(one))
	}
	return parsed
}

var (
	privatePrefixes = prefixes("100.64.0.0/10", "fec0::/10")
	// linkLocalPrefixes has what Azure puts where others have 169.254.169.254: a service of the host for its guests.
	linkLocalPrefixes = prefixes("168.63.129.16/32")
	// specialPrefixes are those of the registries for special purposes (RFC 6890) that no server of the internet has.
	specialPrefixes = prefixes("0.0.0.0/8", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "100::/64", "2001:db8::/32", "2001:2::/48", "3fff::/20", "5f00::/16")
)

// ClassOf classifies an address. One that carries an IPv4 address in it (RFC 4291, RFC 6052, RFC 3056) counts as that.
func ClassOf(address netip.Addr) Class {
	address = address.Unmap().WithZone("")
	if inner, ok := carried(address); ok {
		return ClassOf(inner)
	}
	in := func(all []netip.Prefix) bool {
		for _, prefix := range all {
			if prefix.Contains(address) {
				return true
			}
		}
		return false
	}
	switch {
	case address.IsLoopback():
		return Loopback
	case address.IsLinkLocalUnicast(), in(linkLocalPrefixes):
		return LinkLocal
	case address.IsPrivate(), in(privatePrefixes):
		return Private
	case !address.IsValid(), address.IsUnspecified(), address.IsMulticast(), in(specialPrefixes):
		return Special
	}
	return Public
}

var (
	compatible  = netip.MustParsePrefix("::/96")          // RFC 4291 section 2.5.5.1
	translated  = netip.MustParsePrefix("64:ff9b::/96")   // RFC 6052
	localNAT64  = netip.MustParsePrefix("64:ff9b:1::/48") // RFC 8215
	sixToFour   = netip.MustParsePrefix("2002::/16")      // RFC 3056
	teredo      = netip.MustParsePrefix("2001::/32")      // RFC 4380
	unspecified = netip.IPv6Unspecified()
)

// carried returns the IPv4 address within an IPv6 one.
func carried(address netip.Addr) (netip.Addr, bool) {
	if !address.Is6() || address == unspecified || address.IsLoopback() {
		return netip.Addr{}, false
	}
	b := address.As16()
	switch {
	case compatible.Contains(address), translated.Contains(address), localNAT64.Contains(address):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(address):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case teredo.Contains(address): // the client's address, inverted
		return netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}), true
	}
	return netip.Addr{}, false
}

// MayReach reports whether an address of a class may be asked because of what an API says whose own address is of the
// class given. Public ones may always be asked, others only from their own class, reserved ones never.
func MayReach(given, class Class) bool {
	return class == Public || class == given && class != Special
}
