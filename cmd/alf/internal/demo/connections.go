package demo

import "net/http"

// transport has as many connections to the API as callers: what is to be seen is the client, not the dialling.
func (c *credentials) transport(callers int) *http.Transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns, base.MaxIdleConnsPerHost = 0, callers
	base.TLSClientConfig = c.api
	return base
}
