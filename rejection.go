package alf

import (
	"bytes"
	"io"
	"net/http"
)

// maxShown is how much of an answer's body Config.Rejected can read.
const maxShown = 64 << 10

// rejects reports whether resp refuses the token it was asked with. It leaves resp as it was, except that its body may be
// another reader of the same bytes.
func (s *session) rejects(resp *http.Response) bool {
	if s.rejected == nil {
		return resp.StatusCode == http.StatusUnauthorized && !excepted(resp.Header)
	}
	shown := *resp
	shown.Body = http.NoBody
	// The body of a 101 is the connection itself, and its other end waits for us to speak.
	if s.rejectedBody && resp.Body != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		var prefix []byte
		prefix, resp.Body = putBack(resp.Body, maxShown)
		shown.Body = io.NopCloser(bytes.NewReader(prefix))
	}
	return s.rejected(&shown)
}
