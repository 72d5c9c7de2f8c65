package discovery

import (
	"net/http"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

const (
	// maxChallenges is how many challenges of one response are looked at.
	maxChallenges = 8
	// maxHeader bounds the value of one WWW-Authenticate header, in bytes.
	maxHeader = 16 << 10
)

// Challenge is what one challenge of a response says (RFC 9110 section 11.6.1).
type Challenge struct {
	// Scheme is the authentication scheme as the server spells it.
	Scheme string
	// Metadata is the address of the protected resource metadata (resource_metadata, RFC 9728 section 5.1); "" if there
	// is none, or more than one.
	Metadata string
	// Scopes are those that the request needs (scope, RFC 6750 section 3).
	Scopes []string
	// Error is the code of the error (RFC 6750 section 3.1).
	Error string
	// Ambiguous says that resource_metadata occurred twice with different values, so that neither is used.
	Ambiguous bool
}

// Is reports whether the challenge has a scheme, whatever its case.
func (c *Challenge) Is(scheme string) bool { return strings.EqualFold(c.Scheme, scheme) }

// Challenges reads all WWW-Authenticate headers leniently: servers separate challenges in every way. Of challenges
// beyond the eighth, and of headers beyond 16 KiB, nothing is read.
func Challenges(header http.Header) (all []Challenge) {
	for _, value := range header.Values("WWW-Authenticate") {
		if len(value) > maxHeader {
			continue
		}
		begun := false // within this header
		wire.EachAuthParam(value, func(scheme, name, param string) {
			switch {
			case name == "" && len(all) < maxChallenges:
				all, begun = append(all, Challenge{Scheme: scheme}), true
			case name == "":
				begun = false
			case begun:
				all[len(all)-1].note(strings.ToLower(name), param)
			}
		})
	}
	return all
}

func (c *Challenge) note(name, value string) {
	switch name {
	case "resource_metadata":
		switch {
		case c.Ambiguous:
		case c.Metadata != "" && c.Metadata != value:
			c.Metadata, c.Ambiguous = "", true
		default:
			c.Metadata = value
		}
	case "scope":
		c.Scopes, _ = scopes(strings.Fields(value))
	case "error":
		if c.Error == "" {
			c.Error = value
		}
	}
}

// requested returns the scopes that the challenges name together.
func requested(challenges []Challenge) (all []string) {
	for _, c := range challenges {
		if c.Is("Bearer") || c.Is("DPoP") {
			for _, scope := range c.Scopes {
				if !slices.Contains(all, scope) {
					all = append(all, scope)
				}
			}
		}
	}
	return all
}
