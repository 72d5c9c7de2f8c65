//go:build unix

package http1

import "syscall"

// available is whether this system can read and write without waiting. Otherwise everything is sent by the base.
const available = true

// readNow reads what there is; errNothingThere if it is nothing.
func readNow(fd uintptr, p []byte) (int, error) { return now(syscall.Read, fd, p) }

// writeNow writes as much as the system takes; errNothingThere if it is nothing.
func writeNow(fd uintptr, p []byte) (int, error) { return now(syscall.Write, fd, p) }

func now(transfer func(fd int, p []byte) (int, error), fd uintptr, p []byte) (int, error) {
	for {
		n, err := transfer(int(fd), p)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, errNothingThere
		default:
			return 0, err
		}
	}
}
