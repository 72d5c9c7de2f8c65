package fetcher

import (
	"net/url"

	"github.com/alf-go/alf/internal/redact"
)

// endpoint is where a token request goes, and what is known about the server there.
type endpoint struct {
	address string
	url     *url.URL
	// redacted is what may be printed of the address.
	redacted string
	// issuer is the server's issuer; "" if that is not known.
	issuer string
	// algorithms are what assertions may be signed with; nil if that is not known.
	algorithms []string
}

func newEndpoint(address string) *endpoint {
	to := &endpoint{address: address, redacted: redact.Printable(redact.URL(address))}
	// An address that cannot be parsed was refused before.
	to.url, _ = url.Parse(address)
	return to
}

func (m *Metadata) endpoint() *endpoint {
	to := newEndpoint(m.TokenEndpoint)
	to.issuer, to.algorithms = m.Issuer, m.SigningAlgorithms
	return to
}
