//go:build !unix

package subprocess

import (
	"errors"
	"os"
)

// CanSuspend says that no process can be stopped here in the middle of what it does.
const CanSuspend = false

var errNotUnix = errors.New("processes cannot be stopped and continued on this system, only on Unix")

// Suspend returns an error.
func Suspend(*os.Process) error { return errNotUnix }

// Continue returns an error.
func Continue(*os.Process) error { return errNotUnix }
