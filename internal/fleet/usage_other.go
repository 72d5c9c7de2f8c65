//go:build !linux

package fleet

import "errors"

var errNotLinux = errors.New("what a process uses is known on Linux only")

// Usage returns what the process uses now.
func (p *Process) Usage() (Usage, error) { return Usage{}, errNotLinux }

// ConnectionsTo counts the TCP connections of each process to a port of 127.0.0.1.
func (f *Fleet) ConnectionsTo(int) ([]int, error) { return nil, errNotLinux }
