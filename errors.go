package alf

import (
	"errors"

	"github.com/alf-go/alf/manager"
)

var (
	// ErrClosed is found by errors.Is in what every call returns once [Client.Close] was called.
	ErrClosed = manager.ErrClosed
	// ErrSuppressed is found by errors.Is in what [Client.Invalidate] returns when the token stays.
	ErrSuppressed = manager.ErrSuppressed
	// ErrRefused is found by errors.Is in the error of a request that was not sent because the token must not go to where
	// the request was headed: see [Config].Origins and [Config].AllowHTTP.
	ErrRefused = errors.New("alf: request refused, nothing was sent")
)

// errNoToken is about a foreign Source: the built-in manager never does this.
var errNoToken = errors.New("alf: the token manager returned neither a token nor an error: repair Config.Manager")
