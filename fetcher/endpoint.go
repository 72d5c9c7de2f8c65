package fetcher

import "net/url"

// endpoint is where a token request goes, and what is known of who is there.
type endpoint struct {
	address    string
	url        *url.URL
	shown      string   // what may be printed of it
	issuer     string   // whose it is; "" if that is not known
	algorithms []string // what assertions may be signed with; nil if that is not known
}

func newEndpoint(address string) *endpoint {
	to := &endpoint{address: address, shown: printable(bareURL(address))}
	// One that cannot be parsed was refused before.
	to.url, _ = url.Parse(address)
	return to
}

func (m *Metadata) endpoint() *endpoint {
	to := newEndpoint(m.TokenEndpoint)
	to.issuer, to.algorithms = m.Issuer, m.SigningAlgorithms
	return to
}
