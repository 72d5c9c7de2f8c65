package fetcher

import "net/http"

// noRedirects is a transport with which an http.Client follows no redirect, and does not fail for a Location that it
// cannot parse: it moves the Location to a name under which no header can arrive. A CheckRedirect would do only the
// first.
type noRedirects struct{ base http.RoundTripper }

const movedLocation = ":location"

func (t noRedirects) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil || resp == nil || resp.Header.Get("Location") == "" {
		return resp, err
	}
	moved := *resp
	moved.Header = resp.Header.Clone()
	moved.Header[movedLocation] = moved.Header["Location"]
	moved.Header.Del("Location")
	return &moved, nil
}

// releaseLocation moves the Location back and returns it, if there is one.
func releaseLocation(h http.Header) string {
	if values := h[movedLocation]; len(values) > 0 {
		delete(h, movedLocation)
		h["Location"] = values
	}
	return h.Get("Location")
}
