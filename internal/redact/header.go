package redact

import (
	"net/http"
	"slices"
)

// maxHeaderValues bounds the values of a header that are shown; a response has a few dozen at most.
const maxHeaderValues = 128

// Header returns a copy of h for an error. Cookies are left out, because they are credentials, and so is the query of a
// redirect, which often is one. Of more than 128 values, the rest is left out.
func (r *Redactor) Header(h http.Header) http.Header {
	out := make(http.Header, min(len(h), maxHeaderValues))
	kept := 0
	for _, name := range sortedNames(h) {
		isAddress := false
		switch http.CanonicalHeaderKey(name) {
		case "Set-Cookie", "Set-Cookie2":
			continue
		case "Location", "Content-Location":
			isAddress = true
		}
		for _, value := range h[name] {
			if kept++; kept > maxHeaderValues {
				return out
			}
			if isAddress {
				value = URL(value)
			}
			out[name] = append(out[name], r.Text(value))
		}
	}
	return out
}

// sortedNames makes what is left out the same each time.
func sortedNames(h http.Header) []string {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
