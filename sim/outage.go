package sim

import (
	"context"
	"io"
	"net"
	"os"
	"time"

	"github.com/alf-go/alf/internal/dial"
)

// GoDown takes the token endpoint down for d; with 0 or less, until [Server.Up]. In memory its requests fail as when no
// server listens (errors.Is finds syscall.ECONNREFUSED, except on Plan 9); over HTTP their connections are closed
// without a response (by panicking with http.ErrAbortHandler). Requests already being served still get their response.
// The API is not affected.
//
// For a token endpoint that is up and responds with 503, see [Server.Unavailable].
func (s *Server) GoDown(d time.Duration) { s.set(func() { s.become(&s.all, down, d) }) }

// Unavailable makes the token endpoint respond with 503, without a Retry-After, for d; with 0 or less, until
// [Server.Up]. For one response with other content see [Server.RespondOnce].
func (s *Server) Unavailable(d time.Duration) { s.set(func() { s.become(&s.all, unavailable, d) }) }

// Hang makes the token endpoint take requests without responding, for d; with 0 or less, until [Server.Up]. The
// requests that still wait when it is over are handled as if they arrived then. A later Hang, GoDown or
// Unavailable replaces an earlier one.
func (s *Server) Hang(d time.Duration) { s.set(func() { s.become(&s.all, hung, d) }) }

// Hold makes the token endpoint ask for a pause: for d it responds with 429 and a Retry-After that says how much is
// left, in whole seconds, rounded up. 0 or less ends it.
func (s *Server) Hold(d time.Duration) { s.set(func() { s.all.held = s.clock.Now().Add(d) }) }

// Up makes the token endpoint healthy: it ends GoDown, Unavailable, Hang and Hold, and drops the responses still
// queued by [Server.Respond]. What was set for a [Selection] is not affected.
func (s *Server) Up() { s.set(func() { s.recover(&s.all) }) }

// recover makes the token endpoint healthy. The mutex is held.
func (s *Server) recover(b *behavior) {
	b.queue, b.held = nil, time.Time{}
	s.become(b, healthy, 0)
}

type condition int

const (
	healthy condition = iota
	down
	hung
	unavailable
)

// outage is what is wrong with the token endpoint, and for how long.
type outage struct {
	condition
	open    bool // until further notice; else
	until   time.Time
	changed chan struct{} // closed when another outage takes its place
}

func newOutage() outage { return outage{changed: make(chan struct{})} }

// become starts a condition, and wakes the requests that wait for the end of the one before. The mutex is held.
func (s *Server) become(b *behavior, c condition, d time.Duration) {
	close(b.outage.changed)
	b.outage = newOutage()
	b.outage.condition, b.outage.open, b.outage.until = c, d <= 0, s.clock.Now().Add(d)
}

// at returns the condition, and how long it will last; less than 0 if that is not known.
func (o *outage) at(now time.Time) (condition, time.Duration) {
	switch {
	case o.open:
		return o.condition, -1
	case o.until.After(now):
		return o.condition, o.until.Sub(now)
	}
	return healthy, -1
}

// awaitService returns when the token endpoint deals with requests such as this one, or with the reason why it never
// will with it.
func (s *Server) awaitService(ctx context.Context, entry *TokenRequest) error {
	for {
		condition, left, changed := s.condition(entry)
		switch condition {
		case healthy, unavailable: // which is a response
			return nil
		case down:
			return errRefused
		}
		if err := s.wait(ctx, left, changed); err != nil {
			return err
		}
	}
}

// condition is that of the first outage that concerns a request.
func (s *Server) condition(entry *TokenRequest) (c condition, left time.Duration, changed chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.behaviors(entry.ClientID, entry.Audience) {
		if c, left = b.outage.at(s.clock.Now()); c != healthy {
			return c, left, b.outage.changed
		}
	}
	return healthy, -1, nil
}

// wait waits for d on the server's clock, or forever if that is negative, or until changed is closed. It fails when no
// request waits for the response any more, or none will come.
func (s *Server) wait(ctx context.Context, d time.Duration, changed <-chan struct{}) error {
	var over <-chan time.Time
	if d >= 0 {
		timer := s.clock.Timer(d)
		defer timer.Stop()
		over = timer.C
	}
	select {
	case <-over:
		return nil
	case <-changed:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-s.stop:
		return errDropped
	}
}

// delay spends a latency, without a timer if there is none to spend.
func (s *Server) delay(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	return s.wait(ctx, d, nil)
}

// What a real transport reports: that the address does not listen, and that the connection was closed before a response
// came.
var (
	errRefused error = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", dial.Refused)}
	errDropped       = io.EOF
)
