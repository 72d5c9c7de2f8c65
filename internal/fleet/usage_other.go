//go:build !linux

package fleet

import (
	"errors"
	"syscall"
)

var errNotLinux = errors.New("what a process uses is known on Linux only")

// Usage returns what the process uses now.
func (p *Process) Usage() (Usage, error) { return Usage{}, errNotLinux }

// ConnectionsTo counts the TCP connections of each process to a port of 127.0.0.1.
func (f *Fleet) ConnectionsTo(int) ([]int, error) { return nil, errNotLinux }

// hasStopped reports whether the process has stopped, as far as is known.
func (p *Process) hasStopped() bool { return true }

// endsWithParent has the system end a process with the one that started it, where it can.
func endsWithParent() *syscall.SysProcAttr { return nil }
