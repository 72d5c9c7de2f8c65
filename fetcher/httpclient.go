package fetcher

import (
	"net/http"
)

// newClient returns the client the requests are made with, and what closes
// its idle connections, which does nothing to connections of other people.
func newClient(cfg Config) (client *http.Client, closeIdle func()) {
	client, closeIdle = &http.Client{}, func() {}
	if cfg.HTTPClient != nil {
		*client = *cfg.HTTPClient
	}
	if cfg.Transport != nil {
		client.Transport = cfg.Transport
	}
	if cfg.Timeout > 0 {
		client.Timeout = cfg.Timeout
	}
	switch {
	case client.Transport == nil && cfg.HTTPClient != nil:
		client.Transport = http.DefaultTransport
	case client.Transport == nil:
		own := newTransport(cfg)
		client.Transport, closeIdle = own, own.CloseIdleConnections
	}
	client.Transport = stayer{client.Transport}
	return client, closeIdle
}

// newTransport keeps the token endpoint's proxy, certificates and connections
// apart from those of everyone else.
func newTransport(cfg Config) *http.Transport {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	if standard, ok := http.DefaultTransport.(*http.Transport); ok {
		transport = standard.Clone()
	}
	if cfg.Proxy != nil {
		transport.Proxy = cfg.Proxy
	}
	if cfg.TLS != nil {
		transport.TLSClientConfig = cfg.TLS
	}
	return transport
}

// stayer keeps http.Client from following a redirect, and from failing over a
// Location it cannot parse, by putting the Location where only this package
// looks: no header arrives under a name with a colon. A CheckRedirect would
// do only the first.
type stayer struct{ base http.RoundTripper }

const heldLocation = ":location"

func (s stayer) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := s.base.RoundTrip(req)
	if err != nil || resp == nil || resp.Header.Get("Location") == "" {
		return resp, err
	}
	held := *resp
	held.Header = resp.Header.Clone()
	held.Header[heldLocation] = held.Header["Location"]
	held.Header.Del("Location")
	return &held, nil
}

// releaseLocation undoes what stayer did and returns the Location, if any.
func releaseLocation(h http.Header) string {
	if values := h[heldLocation]; len(values) > 0 {
		delete(h, heldLocation)
		h["Location"] = values
	}
	return h.Get("Location")
}
