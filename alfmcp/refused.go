package alfmcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/alf-go/alf/internal/redact"
	"github.com/alf-go/alf/internal/wire"
)

// maxRefusal is how much of the body of a response is kept in its error, in bytes.
const maxRefusal = 16 << 10

// RefusedError is a 401 or 403 of the MCP server that remains after the retry: the server refuses this client, not only
// its token. errors.As finds it in the error of a call. The SDK would end the session because of such a response.
type RefusedError struct {
	// StatusCode is 401 or 403.
	StatusCode int

	// A function, because fmt prints what unexported fields contain.
	response func() *http.Response
}

// Response returns the response, with up to 16 KiB of its body and without the request: a copy for each call. It may
// contain what the server considers secret, such as cookies.
func (e *RefusedError) Response() *http.Response {
	if e.response == nil {
		return nil
	}
	return e.response()
}

// Error has the status and the server's challenge, as far as they can be printed.
func (e *RefusedError) Error() string {
	text := "alfmcp: the server refuses the call with " + wire.Status(e.StatusCode)
	if resp := e.Response(); resp != nil {
		if challenge := resp.Header.Get("WWW-Authenticate"); challenge != "" {
			text += fmt.Sprintf(" (it asks for %.300q)", redact.Printable(challenge))
		}
	}
	return text
}

// refused returns the error for a response that would end the session; nil for any other. The response's body is
// another reader of the same bytes then.
func refused(resp *http.Response) *RefusedError {
	if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if err == nil && isProtocolError(body) {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), resp.Body), resp.Body}
		return nil // the SDK makes an error of the one call of it
	}
	resp.Body.Close()
	kept := *resp
	kept.Request, kept.Body, kept.TLS = nil, nil, nil
	return &RefusedError{resp.StatusCode, func() *http.Response {
		out := kept
		out.Header, out.Trailer = kept.Header.Clone(), kept.Trailer.Clone()
		out.Body = io.NopCloser(bytes.NewReader(body))
		return &out
	}}
}

// isProtocolError reports whether a body is an error of JSON-RPC.
func isProtocolError(body []byte) bool {
	var message struct {
		Version string          `json:"jsonrpc"`
		Error   json.RawMessage `json:"error"`
	}
	return json.Unmarshal(body, &message) == nil && message.Version == "2.0" && len(message.Error) > 0 && string(message.Error) != "null"
}

// notNil is a body that can be read and closed.
func notNil(body io.ReadCloser) io.ReadCloser {
	if body == nil {
		return http.NoBody
	}
	return body
}
