package discovery

import (
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// resourceDocument is the well-known name of protected resource metadata (RFC 9728 section 3).
const resourceDocument = "/.well-known/oauth-protected-resource"

// maxLocations bounds how many locations the challenges of a response may add.
const maxLocations = 4

// Reason says why a document may be at a location.
type Reason int

const (
	// Challenged: the API's own challenge names it (RFC 9728 section 5.1).
	Challenged Reason = iota
	// Inserted: the well-known name stands between the host and the path of the API (RFC 9728 section 3.1).
	Inserted
	// AtRoot: it is the location for the whole origin, which RFC 9728 does not name for an API with a path, and where
	// servers that protect everything put it; the Model Context Protocol has clients ask there last.
	AtRoot
	// Appended: the well-known name stands after the path. No specification has it, but a server that is mounted under
	// a prefix can publish nothing elsewhere.
	Appended
)

// String describes it.
func (r Reason) String() string {
	switch r {
	case Challenged:
		return "named by the challenge"
	case Inserted:
		return "the well-known location of the URL"
	case AtRoot:
		return "the well-known location of its origin"
	default:
		return "below the URL"
	}
}

// Location is an address where a document may be.
type Location struct {
	URL string
	Why Reason
}

// ResourceLocations lists where the metadata of an API may be, in the order in which they are asked for: those that the
// challenges name, then the well-known ones, from the most to the least particular. The findings are about challenges
// that name nothing that can be asked for.
func ResourceLocations(api *url.URL, challenges []Challenge) (all []Location, found []Finding) {
	add := func(why Reason, address string) {
		if !slices.ContainsFunc(all, func(l Location) bool { return l.URL == address }) {
			all = append(all, Location{address, why})
		}
	}
	for _, c := range challenges {
		switch _, err := Address(c.Metadata); {
		case c.Ambiguous:
			found = append(found, Finding{"a challenge names two different resource_metadata: neither is used", "have the API name one (RFC 9728 section 5.1)"})
		case c.Metadata == "":
		case err != nil:
			found = append(found, Finding{"the challenge's resource_metadata is not used: " + err.Error(), "have the API name an absolute https URL (RFC 9728 section 5.1)"})
		case len(all) == maxLocations:
			found = append(found, Finding{"the challenges name more than four resource_metadata: the others are not read", ""})
		default:
			add(Challenged, c.Metadata)
		}
	}
	base, path := api.Scheme+"://"+api.Host, api.EscapedPath()
	if path == "/" { // RFC 9728 section 3.1: a slash that follows the host is removed
		path = ""
	}
	bare := strings.TrimSuffix(path, "/")
	if api.RawQuery != "" {
		add(Inserted, base+resourceDocument+path+"?"+api.RawQuery)
	}
	add(Inserted, base+resourceDocument+path)
	add(Inserted, base+resourceDocument+bare)
	add(AtRoot, base+resourceDocument)
	add(Appended, base+bare+resourceDocument)
	return all, found
}

// ServerLocations lists where the metadata of an authorization server may be, in the order of [wire.ServerMetadata].
func ServerLocations(issuer string) []string { return wire.ServerMetadata(issuer) }
