package store

import "errors"

// ErrClosed is what a closed store returns.
var ErrClosed = errors.New("the store is closed")
