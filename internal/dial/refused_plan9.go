package dial

import (
	"strings"
	"syscall"
)

// Refused is the error of a dial to a port where no process listens. Plan 9 has texts in place of numbers.
var Refused error = syscall.NewError("connection refused")

// IsRefused reports whether err says that no process listens there.
func IsRefused(err error) bool { return err != nil && strings.Contains(err.Error(), Refused.Error()) }
