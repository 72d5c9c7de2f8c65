//go:build !plan9

package proxy

import (
	"errors"
	"syscall"
)

// explainListen says what is wrong with an address of TCP, and what to do.
func explainListen(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return errors.New("the port is in use, by another process or another listener: choose another one, or end that process")
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return errors.New("this machine does not have the address: use one of its own, such as 127.0.0.1")
	case errors.Is(err, syscall.EACCES):
		return errors.New("this user may not use the port: choose one above 1023")
	}
	return err
}

// isConnectionRefused reports whether no process accepts connections at a socket.
func isConnectionRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
