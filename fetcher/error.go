package fetcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/wire"
)

// What errors.Is finds in an [Error] beside its causes.
var (
	// ErrUnsent: no token request was sent, because the credentials could not be read, or cannot be used as configured.
	ErrUnsent = errors.New("no request was sent")
	// ErrMetadata: the issuer's metadata are not what they must be, or do not fit the configuration.
	ErrMetadata = errors.New("unsuitable metadata")
	// ErrTokenType: the token is of another type than the configured one.
	ErrTokenType = errors.New("unexpected token type")
	// ErrCredentials: the server refused the request in a way that may be about the credentials: a wrong secret, an
	// unknown client, or a client that may not use this grant or style, which servers do not always distinguish.
	ErrCredentials = errors.New("the credentials may have been refused")
)

// Error is one failed attempt. Whatever in it came from the server is bounded, free of control characters, and
// redacted: neither its text nor anything it unwraps to contains the client secret, a token or the request.
//
// With errors.As, an *oauth2.RetrieveError is found in it if there was an HTTP response. errors.Is finds
// context.Canceled and context.DeadlineExceeded, and the context's cause, if that is why the attempt ended.
//
// If the credentials may have been refused, or could not be read, and they come from files or environment variables,
// errors.As also finds an error in it with the method CredentialsChanged() bool. It reads these files and variables
// again, calls no function of the user's, and reports whether the content of one has changed, so that another attempt
// may succeed. It may be called concurrently.
type Error struct {
	// Status is the response's HTTP status; 0 if there was no response.
	Status int
	// Code, Description and URI are the error, error_description and error_uri of the response (RFC 6749 section 5.2),
	// if it had them. Without an error_description, Description is taken from whatever else in the response describes
	// the error, if anything does.
	Code, Description, URI string
	// Body is the beginning of the response's body, at most 1 KiB. It is empty for a 2xx, whose body is where a token
	// would be, for a redirect, and for a response that could not be read whole.
	Body string
	// Hint says what may help, if anything is known to. It names settings as fields of Config; see HintWith.
	Hint string

	// endpoint is scheme, host and path of the address alone.
	endpoint string
	// problem is what went wrong, where status and code do not say it.
	problem    string
	hint       string // with settings in braces
	causes     []error
	response   *oauth2.RetrieveError
	retryAfter time.Duration
	permanent  bool
	trouble    bool
}

// Error returns the endpoint, without its query, what happened, and the hint. It does not repeat Body.
func (e *Error) Error() string { return e.text(e.Hint) }

// Trouble reports whether the endpoint did not work: the connection failed, no whole response came in time, or the
// response was a 5xx or a 408. A refusal is none, nor is a failure before a request was sent. Clients that share an
// endpoint share what that says about it (E2).
func (e *Error) Trouble() bool { return e.trouble }

// HintWith returns Hint with other names for the settings: name is called with their paths in Config, such as
// "Assertion.Audience". It serves programs whose settings are flags.
func (e *Error) HintWith(name func(setting string) string) string { return inNames(e.hint, name) }

// ErrorWith returns what Error does, with other names for the settings; see HintWith.
func (e *Error) ErrorWith(name func(setting string) string) string { return e.text(e.HintWith(name)) }

func (e *Error) text(hint string) string {
	var parts []string
	if e.Status != 0 {
		parts = append(parts, wire.Status(e.Status))
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
	if hint != "" {
		text += "; " + hint
	}
	return text
}

// MarshalJSON returns an object of what Error returns and of the exported fields except Body, for metrics and logs.
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

// Unwrap returns an *oauth2.RetrieveError, if there was an HTTP response, and the known causes of the failure.
func (e *Error) Unwrap() []error {
	if e.response == nil {
		return e.causes
	}
	return append([]error{e.response}, e.causes...)
}

// Permanent reports whether another attempt would fail in the same way until an operator repairs something. The
// response, or the server's certificate, shows that.
func (e *Error) Permanent() bool { return e.permanent }

// Temporary reports whether the failure may pass by itself: the opposite of Permanent. With Timeout it makes an Error a
// net.Error, which libraries ask before they try again.
func (e *Error) Temporary() bool { return !e.permanent }

// Timeout reports whether the attempt failed because it took too long.
func (e *Error) Timeout() bool {
	for _, cause := range e.causes {
		if timed, ok := errors.AsType[interface {
			error
			Timeout() bool
		}](cause); ok && timed.Timeout() {
			return true
		}
	}
	return false
}

// RetryAfter returns for how long the server asked the client to wait, counted from when its response arrived; 0 if it
// did not ask. It reads Retry-After and X-Retry-After and, of a 429, RateLimit-Reset. One of 0, or of a date in the
// past, is returned as 1 ns, so that it differs from none.
func (e *Error) RetryAfter() time.Duration { return e.retryAfter }

// refusedCredentials notices when credentials that may have been refused change.
type refusedCredentials struct{ changed func() bool }

func (r *refusedCredentials) Error() string { return "credentials read from a file or variable" }

// CredentialsChanged reports whether a file or variable has another content now.
func (r *refusedCredentials) CredentialsChanged() bool { return r.changed() }

func isPermanentStatus(status int) bool { return wire.Permanent(status, "") }
