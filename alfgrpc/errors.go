package alfgrpc

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
)

// Why a call has no token, or is not made again.
var (
	errDPoP = errors.New("alfgrpc: tokens bound to a key by DPoP cannot be used with gRPC, which has no place for the proof of each call: " +
		"use a client without Config.DPoP, or certificate-bound tokens")
	errNoClient  = errors.New("alfgrpc: there is no client: pass one that alf.New or alf.NewPool has made")
	errSameToken = errors.New("alfgrpc: the authorization server returned the rejected token again")
	errStreamed  = errors.New("alfgrpc: the stream cannot be sent again, because something was received or too much was sent")
)

// tokenError is why a call has no token. grpc-go passes an error with a status on as it is, so that errors.As finds
// what it wraps.
type tokenError struct {
	code    codes.Code
	err     error
	refused error // the server's, if the call was sent once; nil otherwise
}

// newTokenError classifies the error of a client under the context of an attempt (G3).
func newTokenError(ctx context.Context, err error) *tokenError {
	return &tokenError{code: codeOf(ctx, err), err: err}
}

// codeOf is that of the caller's context if it has ended. Otherwise it is Unauthenticated for what has to be repaired,
// and Unavailable for all else.
func codeOf(ctx context.Context, err error) codes.Code {
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		if errors.Is(ended, context.DeadlineExceeded) {
			return codes.DeadlineExceeded
		}
		return codes.Canceled
	}
	if isPermanent(err) {
		return codes.Unauthenticated
	}
	return codes.Unavailable
}

func isPermanent(err error) bool {
	if e, ok := errors.AsType[*alf.TokenError](err); ok {
		return e.Permanent
	}
	if e, ok := errors.AsType[interface {
		error
		Temporary() bool
	}](err); ok {
		return !e.Temporary()
	}
	if _, ok := errors.AsType[*alf.FieldError](err); ok {
		return true
	}
	return errors.Is(err, errDPoP) || errors.Is(err, errNoClient) || errors.Is(err, alf.ErrRefused) || errors.Is(err, alf.ErrClosed)
}

// Error says why there is no token.
func (e *tokenError) Error() string {
	if e.refused != nil {
		return fmt.Sprintf("%v (after the server refused the token)", e.err)
	}
	return e.err.Error()
}

// GRPCStatus returns the code and the same text.
func (e *tokenError) GRPCStatus() *status.Status { return status.New(e.code, e.Error()) }

// Unwrap returns the client's error, and the server's.
func (e *tokenError) Unwrap() []error {
	if e.refused != nil {
		return []error{e.err, e.refused}
	}
	return []error{e.err}
}

// refusedError is the server's error, with the reason why the call was not made again.
type refusedError struct{ refused, reason error }

// Error returns what the server said.
func (e *refusedError) Error() string { return e.refused.Error() }

// GRPCStatus returns the server's status.
func (e *refusedError) GRPCStatus() *status.Status { return status.Convert(e.refused) }

// Unwrap returns the server's error, and the reason.
func (e *refusedError) Unwrap() []error { return []error{e.refused, e.reason} }
