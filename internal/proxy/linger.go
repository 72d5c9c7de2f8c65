package proxy

import (
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/core/draining"
)

// lingering is what a server knows for its end, so that no request is lost that a caller has sent before it could
// learn of that: by a connection that was idle, or by one that waits to be accepted.
type lingering struct {
	served atomic.Bool // connections are accepted
	ending atomic.Bool // responses close their connections
	open   atomic.Int64
	none   chan struct{} // has an element when open may have become 0
}

// watch counts the connections of a server. It is called before it serves.
func (l *lingering) watch(s *http.Server) {
	l.none = make(chan struct{}, 1)
	s.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			l.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			if l.open.Add(-1) == 0 {
				select {
				case l.none <- struct{}{}:
				default:
				}
			}
		}
	}
}

// linger returns when all connections are closed, or those that are still idle may be. The end of the drain time
// closes them as well.
func (l *lingering) linger() {
	timer := time.NewTimer(draining.IdleTime)
	defer timer.Stop()
	for l.open.Load() > 0 {
		select {
		case <-l.none:
		case <-timer.C:
			return
		}
	}
}

// queueTime is how long the connections that wait may take to be accepted.
const queueTime = 2 * time.Second

// acceptWaiting returns when the connections are accepted that waited for that. They are in a queue, so it stands in
// that itself: when it is served, they were. Over TCP, the system may accept some after that, which are reset; a
// Unix socket has lost its name by then. The queue of a socket of systemd is for the process that comes next.
func (s *server) acceptWaiting() {
	if !s.served.Load() || strings.HasPrefix(s.text, "systemd:") {
		return
	}
	switch l := s.listener.(type) {
	case *unixListener:
		if l.hide() != nil {
			return
		}
	case *net.TCPListener:
	default:
		return
	}
	at := s.listener.Addr()
	c, err := net.DialTimeout(at.Network(), at.String(), queueTime)
	if err != nil {
		return
	}
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(queueTime))
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // a connection without a request is closed once it is served
		_, _ = io.Copy(io.Discard, c)
	}
}
