package alf

import (
	"github.com/alf-go/alf/internal/transport"
	"github.com/alf-go/alf/manager"
)

var (
	// ErrClosed is what errors.Is finds in the error of every call after [Client.Close].
	ErrClosed = manager.ErrClosed
	// ErrSuppressed is what errors.Is finds in the error of [Client.Replace], [Client.Invalidate] and
	// [Client.InvalidateValue] if the rejected token stays in use.
	ErrSuppressed = manager.ErrSuppressed
	// ErrRefused is what errors.Is finds in the error of a request that was not sent because the token must not go to
	// its target: see [Config].Origins and [Config].AllowHTTP.
	ErrRefused = transport.ErrRefused
)

// RejectedError is the error of a request that was sent once and not again: the API rejected its token (StatusCode,
// Header), and no successor is available. Err says why, and is wrapped: mostly a *[TokenError]. The response's body is
// closed. It prints neither the headers nor the body. Its methods Temporary and Timeout return what Err's do.
type RejectedError = transport.RejectedError
