package alf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/alf-go/alf/internal/wire"
)

const (
	// maxErrorBody is how much of a body a StatusError keeps.
	maxErrorBody = 64 << 10
	// maxDrained is how much is read for nothing, so that the connection can be used again. Beyond it, a new connection
	// is cheaper.
	maxDrained = 256 << 10
)

// JSON sends in as JSON and decodes the response's JSON into out, which is a pointer as for json.Unmarshal. in nil
// sends no body; []byte, json.RawMessage and io.Reader are JSON already and sent as they are. out nil drops the
// response. A response without content (204, 205, any to a HEAD) leaves out as it is. A status other than 2xx is a
// *[StatusError]; other errors are those of [Client.Do], of encoding in, and of a response that is not one JSON value.
// The body is closed in any case.
func (c *Client) JSON(ctx context.Context, method, url string, in, out any) error {
	if v := reflect.ValueOf(out); out != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		// Before anything is sent: the request may be one that must not be made twice.
		return fmt.Errorf("alf: JSON: out is a %T, which nothing can be decoded into: pass a pointer, or nil", out)
	}
	req, err := newJSONRequest(ctx, method, url, in)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return statusError(resp)
	}
	if out == nil || resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusResetContent || method == http.MethodHead {
		drain(resp.Body)
		return nil
	}
	if err := decode(resp.Body, out); err != nil {
		return fmt.Errorf("alf: decoding the response as JSON: %w", err)
	}
	return nil
}

func newJSONRequest(ctx context.Context, method, url string, in any) (*http.Request, error) {
	contentType := ""
	switch raw := in.(type) {
	case nil:
	case io.Reader, []byte:
		contentType = typeJSON
	case json.RawMessage:
		in, contentType = []byte(raw), typeJSON
	default:
		// Marshalled here, because the verbs give strings and forms another meaning.
		encoded, err := json.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("alf: encoding the body as JSON: %w", err)
		}
		in, contentType = bytes.NewReader(encoded), typeJSON
	}
	req, err := newRequest(ctx, method, url, contentType, in)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", typeJSON)
	return req, nil
}

// decode reads exactly one JSON value. Reading on to the end is what frees the connection.
func decode(body io.Reader, out any) error {
	decoder := json.NewDecoder(body)
	if err := decoder.Decode(out); err != nil {
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	switch _, err := decoder.Token(); err {
	case io.EOF:
		return nil
	case nil:
		return errors.New("more follows after the value")
	default:
		return fmt.Errorf("after the value: %w", err)
	}
}

// statusError keeps the response. A body that breaks off does not hide the status.
func statusError(resp *http.Response) error {
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	drain(resp.Body)
	status, header := resp.Status, resp.Header
	return &StatusError{resp.StatusCode, func() (string, http.Header, []byte) { return status, header, body }}
}

func drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, maxDrained) }

// StatusError is what [Client.JSON] returns for a response whose status is not 2xx. However it is printed, also inside
// another type, it shows the status code alone: the rest may contain anything, even the token, because an API can
// repeat what it received.
type StatusError struct {
	// StatusCode is the response's, such as 404.
	StatusCode int

	// A function, because fmt ignores the methods of what an unexported field contains, and prints it.
	response func() (status string, header http.Header, body []byte)
}

// Status returns the response's status line, such as "404 Not Found". Its text is the server's.
func (e StatusError) Status() string {
	if e.response == nil {
		return ""
	}
	status, _, _ := e.response()
	return status
}

// Header returns the response's headers.
func (e StatusError) Header() http.Header {
	if e.response == nil {
		return nil
	}
	_, header, _ := e.response()
	return header
}

// Body returns the first 64 KiB of the response's body.
func (e StatusError) Body() []byte {
	if e.response == nil {
		return nil
	}
	_, _, body := e.response()
	return body
}

// Error names the status by its standard text, not by the server's.
func (e StatusError) Error() string {
	return "alf: the API responded with " + wire.Status(e.StatusCode)
}

// Format prints Error, whatever the verb.
func (e StatusError) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.Error()) }

// MarshalJSON returns Error as a string.
func (e StatusError) MarshalJSON() ([]byte, error) { return json.Marshal(e.Error()) }

// LogValue returns Error.
func (e StatusError) LogValue() slog.Value { return slog.StringValue(e.Error()) }
