//go:build !plan9 && !windows

package dial

import (
	"errors"
	"syscall"
)

// Refused is what errors.Is finds in the error of a dial to a port where no process listens.
var Refused error = syscall.ECONNREFUSED

// IsRefused reports whether err says that no process listens there.
func IsRefused(err error) bool { return errors.Is(err, Refused) }
