// Package ports finds ports for servers that are stopped and started again on the same address.
package ports

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
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
		listener, err := listen(port)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			return nil, err
		}
		if found = append(found, port); len(found) == n {
			return found, nil
		}
	}
	return nil, errors.New("ports: too many servers run at a time")
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

func listen(port int) (net.Listener, error) {
	return net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
}
