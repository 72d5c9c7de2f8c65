package fetcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// What errors.Is finds in an [Error] beside what caused it.
var (
	// ErrUnsent: no token request was made, because what proves the client
	// could not be read, or cannot be used as configured.
	ErrUnsent = errors.New("no request was sent")
	// ErrMetadata: the issuer's metadata are not what they must be, or do not
	// fit the configuration.
	ErrMetadata = errors.New("unsuitable metadata")
	// ErrTokenType: the token is of another kind than was expected.
	ErrTokenType = errors.New("unexpected token type")
)

// Error is one failed attempt. Whatever in it came from the server is bounded,
// free of control characters, and redacted: neither its text nor anything it
// unwraps to holds the client secret, a token or the request.
//
// With errors.As, an *oauth2.RetrieveError is found in it if there was an HTTP
// answer. errors.Is finds context.Canceled and context.DeadlineExceeded, and
// the context's cause, if that is why the attempt ended.
type Error struct {
	// Status is the answer's HTTP status; 0 if there was no answer.
	Status int
	// Code, Description and URI are the error, error_description and
	// error_uri of the answer (RFC 6749 section 5.2), if it had them. Without a
	// code, Description is what the answer says otherwise.
	Code, Description, URI string
	// Body is the beginning of the answer's body, at most 1 KiB. It is empty
	// for a 2xx, whose body is where a token would be, for a redirect, and
	// for an answer that could not be read whole.
	Body string
	// Hint says what might help, if anything is known to.
	Hint string

	endpoint   string // scheme, host and path alone
	problem    string // what went wrong, where status and code do not say it
	causes     []error
	answer     *oauth2.RetrieveError
	retryAfter time.Duration
	permanent  bool
}

// Error tells the endpoint, without its query, what happened, and the hint.
// It does not repeat Body.
func (e *Error) Error() string {
	var parts []string
	if e.Status != 0 {
		parts = append(parts, statusText(e.Status))
	}
	if e.problem != "" {
		parts = append(parts, e.problem)
	}
	if e.Code != "" {
		code := e.Code
		if e.Description != "" {
			code += fmt.Sprintf(" %q", e.Description)
		}
		if e.URI != "" {
			code += " (see " + e.URI + ")"
		}
		parts = append(parts, code)
	} else if e.Description != "" {
		parts = append(parts, strconv.Quote(e.Description))
	}
	text := "fetcher: " + e.endpoint + ": " + strings.Join(parts, ": ")
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// MarshalJSON returns an object of what Error says and of the exported fields
// but Body, for metrics and logs.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Error       string
		Status      int    `json:",omitempty"`
		Code        string `json:",omitempty"`
		Description string `json:",omitempty"`
		URI         string `json:",omitempty"`
		Hint        string `json:",omitempty"`
	}{e.Error(), e.Status, e.Code, e.Description, e.URI, e.Hint})
}

// Unwrap returns an *oauth2.RetrieveError, if there was an HTTP answer, and
// what else is known to have caused the failure.
func (e *Error) Unwrap() []error {
	if e.answer == nil {
		return e.causes
	}
	return append([]error{e.answer}, e.causes...)
}

// Permanent reports whether trying again soon is pointless: the server, or
// its certificate, says that something has to be repaired first.
func (e *Error) Permanent() bool { return e.permanent }

// RetryAfter returns for how long the server asked to be left alone, counted
// from when its answer arrived; 0 if it did not ask. A Retry-After of 0, or of
// a date gone by, is returned as 1 ns, so that it can be told from none.
func (e *Error) RetryAfter() time.Duration { return e.retryAfter }

// statusText never uses the reason phrase the server sent: it is foreign text.
func statusText(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
