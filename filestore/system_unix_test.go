//go:build linux || darwin || freebsd

package filestore_test

import (
	"os"
	"syscall"
)

// pipe makes a named pipe, which a process that opens it carelessly would wait for.
func pipe(path string) error { return syscall.Mkfifo(path, 0o600) }

// stop is the signal that stops a process.
var stop os.Signal = syscall.SIGSTOP
