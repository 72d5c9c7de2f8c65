package dial

import (
	"errors"
	"syscall"
)

// wsaeConnRefused is what Windows returns; syscall.ECONNREFUSED is a number that Go has made up there.
const wsaeConnRefused = syscall.Errno(10061)

// Refused is what errors.Is finds in the error of a dial to a port where no process listens, if it is a simulated one.
var Refused error = syscall.ECONNREFUSED

// IsRefused reports whether err says that no process listens there.
func IsRefused(err error) bool { return errors.Is(err, Refused) || errors.Is(err, wsaeConnRefused) }
