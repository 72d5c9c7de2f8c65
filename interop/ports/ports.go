// Package ports finds ports for servers that are stopped and started again on the same address.
package ports

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Ports that no system gives to outgoing connections unasked: else one of these might sit on the port of a server that
// is just being started again. They are divided among the processes that run at the same time, so that none takes the
// port of another's server either.
const (
	lowest = 10_000
	share  = 300 // many times what the servers of one process have at any time
	shares = 20
)

// mine is this process's share. Its first port is occupied by a listener, and that is what makes it ours.
var mine struct {
	sync.Mutex
	holder net.Listener
	next   int
}

// Find finds n ports of 127.0.0.1 that no process listens on, and that stay free for the caller, until all others of
// the share have been asked for. It is safe for concurrent use.
func Find(n int) ([]int, error) {
	mine.Lock()
	defer mine.Unlock()
	if mine.holder == nil && !claim() {
		return nil, errors.New("ports: every share of ports is taken; run fewer tests at a time")
	}
	first := mine.holder.Addr().(*net.TCPAddr).Port
	var found []int
	for range share - 1 {
		port := first + 1 + mine.next%(share-1)
		mine.next++
		if !free(port) {
			continue
		}
		if found = append(found, port); len(found) == n {
			return found, nil
		}
	}
	return nil, errors.New("ports: too many servers run at a time")
}

// Close closes a listener, and returns when its port is free. A process that is being started has all files of this one
// until it runs its program, and the port stays in use for that moment. After 10 s it is an error.
func Close(listener net.Listener) error {
	if err := listener.Close(); err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	for deadline := time.Now().Add(10 * time.Second); !free(port); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("ports: %d is closed, and yet in use", port)
		}
	}
	return nil
}

// free reports whether no process listens on a port. It does not listen there itself, since a process that is started
// meanwhile would then have the port for a moment.
func free(port int) bool {
	conn, err := net.Dial("tcp", address(port))
	if err == nil {
		_ = conn.Close()
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

// claim takes a share that no other process has.
func claim() bool {
	for _, i := range rand.Perm(shares) {
		if holder, err := listen(lowest + i*share); err == nil {
			mine.holder = holder
			return true
		}
	}
	return false
}

func listen(port int) (net.Listener, error) { return net.Listen("tcp", address(port)) }

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
