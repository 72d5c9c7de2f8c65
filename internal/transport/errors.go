package transport

import "errors"

// ErrRefused is what errors.Is finds in the error of a request that was not sent because the token must not go there.
var ErrRefused = errors.New("alf: request refused, nothing was sent")

// errNoToken is about a third-party Source: the built-in manager never does this.
var errNoToken = errors.New("alf: the token manager returned neither a token nor an error: repair Config.Manager")
