package http1

import (
	"slices"
	"sync"
	"time"
)

// idle is the connections to an origin that no request uses.
type idle struct {
	most int           // how many there may be
	time time.Duration // how long each may stay; 0: as long as it likes

	mu      sync.Mutex
	conns   []*conn // in the order in which they became idle
	closing bool    // none is kept before another request is sent
	timer   *time.Timer
}

// take returns the connection that was used last; nil if there is none.
func (i *idle) take() *conn {
	for {
		c := i.pop()
		if c == nil || c.isReadToTheEnd() {
			return c
		}
		c.abort()
	}
}

func (i *idle) pop() *conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closing = false
	last := len(i.conns) - 1
	if last < 0 {
		return nil
	}
	c := i.conns[last]
	i.conns[last] = nil
	i.conns = i.conns[:last]
	return c
}

// put keeps a connection for the next request, or closes it.
func (i *idle) put(c *conn) {
	if !i.keep(c) {
		c.close()
	}
}

// keep reports whether it did.
func (i *idle) keep(c *conn) bool {
	c.idleSince = time.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closing || len(i.conns) >= i.most {
		return false
	}
	i.conns = append(i.conns, c)
	if i.timer == nil && i.time > 0 {
		i.timer = time.AfterFunc(i.time, i.expire)
	}
	return true
}

// expire closes the connections that were idle for too long. It runs again as long as there are any.
func (i *idle) expire() {
	for _, c := range i.takeExpired(time.Now()) {
		c.close()
	}
}

func (i *idle) takeExpired(now time.Time) []*conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.timer = nil
	n := 0
	for n < len(i.conns) && now.Sub(i.conns[n].idleSince) >= i.time {
		n++
	}
	expired := slices.Clone(i.conns[:n])
	i.conns = slices.Delete(i.conns, 0, n)
	if len(i.conns) > 0 {
		i.timer = time.AfterFunc(i.time-now.Sub(i.conns[0].idleSince), i.expire)
	}
	return expired
}

// close closes those that are idle, and those that become idle next.
func (i *idle) close() {
	i.mu.Lock()
	conns := i.conns
	i.conns, i.closing = nil, true
	if i.timer != nil {
		i.timer.Stop()
		i.timer = nil
	}
	i.mu.Unlock()
	for _, c := range conns {
		c.close()
	}
}
