package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// ErrRefused is what errors.Is finds in the error of a request that was not sent because the token must not go there.
var ErrRefused = errors.New("alf: request refused, nothing was sent")

// errNoToken is about a third-party Source: the built-in manager never does this.
var errNoToken = errors.New("alf: the token manager returned neither a token nor an error: repair Config.Manager")

// contextError returns the error of something that ended with err, under ctx. If ctx has ended too, the error is both
// ctx.Err() and its cause: net/http returns only one of them, which one depends on the protocol.
func contextError(ctx context.Context, err error) error {
	ended := ctx.Err()
	if ended == nil {
		return err
	}
	cause := context.Cause(ctx)
	if errors.Is(err, ended) && errors.Is(err, cause) {
		return err
	}
	return &endedError{cause: cause, ended: ended, err: err}
}

// endedError says that a context ended, and why.
type endedError struct{ cause, ended, err error }

// Error names the cause, which is ctx.Err() unless the context's owner set one.
func (e *endedError) Error() string { return e.cause.Error() }

// Unwrap returns the cause, ctx.Err() and what the call returned.
func (e *endedError) Unwrap() []error { return []error{e.cause, e.ended, e.err} }

// Timeout reports whether a deadline has passed, as http.Client and others ask.
func (e *endedError) Timeout() bool { return errors.Is(e.ended, context.DeadlineExceeded) }

// Temporary reports the same: net.Error has it.
func (e *endedError) Temporary() bool { return e.Timeout() }

// RejectedError says that an API rejected the token and that no successor is available. package alf documents it.
type RejectedError struct {
	// StatusCode is that of the response, mostly 401.
	StatusCode int
	// Err says why there is no successor.
	Err error

	// A function, because fmt ignores the methods of what an unexported field contains, and prints it.
	header func() http.Header
}

func newRejectedError(resp *http.Response, err error) *RejectedError {
	header := resp.Header
	return &RejectedError{StatusCode: resp.StatusCode, Err: err, header: func() http.Header { return header }}
}

// Header returns the headers of the response that rejected the token, such as WWW-Authenticate. They are the server's.
func (e *RejectedError) Header() http.Header {
	if e.header == nil {
		return nil
	}
	return e.header()
}

// Error says why there is no successor. It does not repeat what the API sent.
func (e *RejectedError) Error() string {
	return fmt.Sprintf("%v (after the API rejected the token with status %d)", e.Err, e.StatusCode)
}

// Unwrap returns Err.
func (e *RejectedError) Unwrap() error { return e.Err }

// Temporary reports whether Err says that it may pass by itself, as a *manager.Error does. Libraries ask the error of a
// RoundTripper itself, and no deeper, whether sending again may help.
func (e *RejectedError) Temporary() bool {
	cause, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](e.Err)
	return ok && cause.Temporary()
}

// Timeout reports whether Err says that something took too long.
func (e *RejectedError) Timeout() bool {
	cause, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](e.Err)
	return ok && cause.Timeout()
}
