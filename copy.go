package alf

import "net/http"

const authorizationHeader = "Authorization"

// outgoing is a request on its way to the base transport, with room for the one header value that is ours, so that both are
// one allocation. It is never pooled: a transport may keep a request for as long as it likes.
type outgoing struct {
	http.Request
	authorization [1]string
}

// authorize copies req and puts value into the copy's Authorization, replacing whatever the caller had there, however it was
// spelled.
// The values of the other headers are shared with the caller: they are only read, and without spare capacity, so that
// appending to them copies them.
func authorize(req *http.Request, value string) *http.Request {
	out := &outgoing{Request: *req}
	header := make(http.Header, len(req.Header)+1)
	for name, values := range req.Header {
		if len(name) == len(authorizationHeader) && equalFold(name, authorizationHeader) {
			continue
		}
		header[name] = values[:len(values):len(values)]
	}
	out.authorization[0] = value
	header[authorizationHeader] = out.authorization[:]
	out.Request.Header = header
	return &out.Request
}
