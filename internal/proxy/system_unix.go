//go:build unix

package proxy

import "syscall"

// closeOnExec keeps a descriptor from processes that this one starts.
func closeOnExec(descriptor int) { syscall.CloseOnExec(descriptor) }
