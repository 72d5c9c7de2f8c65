package transport

import (
	"bytes"
	"io"
	"net/http"

	"github.com/alf-go/alf/internal/wire"
)

// maxPeeked is how much of a response's body Config.Rejected can read.
const maxPeeked = 64 << 10

// rejects reports whether resp rejects the token of its request. It leaves resp as it was, except that its body may be
// another reader of the same bytes.
func (s *Session) rejects(resp *http.Response) bool {
	if s.rejected == nil {
		return Rejects(resp)
	}
	visible := *resp
	visible.Body = http.NoBody
	// The body of a 101 is the connection itself, whose other end waits for the client.
	if s.rejectedBody && resp.Body != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		var prefix []byte
		prefix, resp.Body = peek(resp, maxPeeked)
		visible.Body = io.NopCloser(bytes.NewReader(prefix))
	}
	return s.rejected(&visible)
}

// Rejects is the rule where the configuration has none.
func Rejects(resp *http.Response) bool {
	return resp.StatusCode == http.StatusUnauthorized && !exempt(resp.Header)
}

// exempt reports whether a 401 says that another token would not help: the token lacks a scope (RFC 6750 section 3.1),
// or a DPoP nonce is required (RFC 9449 section 9). A challenge that calls the token invalid outweighs that. Every
// other 401 rejects the token, because real servers refuse an invalid token with the oddest challenges, or with none.
func exempt(header http.Header) bool {
	var c challenge
	c.read(header)
	return (c.scope || c.nonce) && !c.invalid
}

// challenge is what the challenges of one response say together: that the token lacks a scope, that a DPoP nonce is
// required, that the token is not valid, that the DPoP proof is not.
type challenge struct{ scope, nonce, invalid, proof bool }

func (c *challenge) read(header http.Header) {
	for name, values := range header {
		if !equalFold(name, "WWW-Authenticate") { // in case a base keeps names as they came
			continue
		}
		for _, value := range values {
			wire.EachAuthParam(value, c.note)
		}
	}
}

func (c *challenge) note(scheme, name, value string) {
	if !equalFold(name, "error") || !equalFold(scheme, "Bearer") && !equalFold(scheme, "DPoP") {
		return
	}
	switch {
	case equalFold(value, "insufficient_scope"):
		c.scope = true
	case equalFold(value, "use_dpop_nonce"):
		c.nonce = true
	case equalFold(value, "invalid_token"):
		c.invalid = true
	case equalFold(value, invalidProof):
		c.proof = true
	}
}

// peek reads up to limit bytes of a response's body, and returns them and a body that still has all of it. If that was
// the whole body, the real one is closed, so that its connection is free while the caller has not finished with what
// replaces it. An error in reading comes up again where it was.
func peek(resp *http.Response, limit int64) ([]byte, io.ReadCloser) {
	body := resp.Body
	end := &endReader{r: body}
	prefix, err := io.ReadAll(io.LimitReader(end, limit))
	switch {
	case err != nil:
		return prefix, &resumedBody{io.MultiReader(bytes.NewReader(prefix), errorReader{err}), body}
	case end.reached:
		if resp.ProtoMajor > 1 {
			go body.Close() // which may wait for the request's body to end: see bufferedBody
		} else {
			body.Close()
		}
		return prefix, io.NopCloser(bytes.NewReader(prefix))
	}
	return prefix, &resumedBody{io.MultiReader(bytes.NewReader(prefix), body), body}
}

// resumedBody is a body whose beginning was read already.
type resumedBody struct {
	io.Reader
	io.Closer
}

// endReader notes whether r reached its end, which a LimitReader in front of it hides.
type endReader struct {
	r       io.Reader
	reached bool
}

func (e *endReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.reached = e.reached || err == io.EOF
	return n, err
}

type errorReader struct{ err error }

func (e errorReader) Read([]byte) (int, error) { return 0, e.err }
