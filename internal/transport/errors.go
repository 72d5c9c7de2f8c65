package transport

import (
	"context"
	"errors"
)

// ErrRefused is what errors.Is finds in the error of a request that was not sent because the token must not go there.
var ErrRefused = errors.New("alf: request refused, nothing was sent")

// errNoToken is about a third-party Source: the built-in manager never does this.
var errNoToken = errors.New("alf: the token manager returned neither a token nor an error: repair Config.Manager")

// contextError returns the error of something that ended with err, under ctx. If ctx has ended too, the error is both ctx.Err()
// and its cause: net/http returns only one of them, which one depends on the protocol.
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
