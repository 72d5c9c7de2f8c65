package fetcher

import "net/url"

// endpoint is where a token request goes.
type endpoint struct {
	address string
	url     *url.URL
	shown   string // what may be printed of it
	issuer  string // whose it is, if that is known
}

func newEndpoint(address, issuer string) *endpoint {
	to := &endpoint{address: address, shown: bareURL(address), issuer: issuer}
	// One that cannot be parsed was refused before.
	to.url, _ = url.Parse(address)
	return to
}
