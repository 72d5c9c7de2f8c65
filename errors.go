package alf

import (
	"github.com/alf-go/alf/internal/transport"
	"github.com/alf-go/alf/manager"
)

var (
	// ErrClosed is what errors.Is finds in the error of every call after [Client.Close].
	ErrClosed = manager.ErrClosed
	// ErrSuppressed is what errors.Is finds in the error of [Client.Invalidate] if the token stays.
	ErrSuppressed = manager.ErrSuppressed
	// ErrRefused is what errors.Is finds in the error of a request that was not sent because the token must not go to its
	// target: see [Config].Origins and [Config].AllowHTTP.
	ErrRefused = transport.ErrRefused
)
