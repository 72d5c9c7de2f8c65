package http1

import (
	"cmp"
	"errors"
	"io"
	"net"
	"syscall"
)

// socket is a connection below TLS. A request is sent by the Read that waits for its response: the runtime prepares to
// wait, and then the request is written, which saves the attempt to read before anything can have come. In the same
// step it looks whether something has come without a request. Each system call saved is one or two percent of what a
// proxy does for a request.
type socket struct {
	net.Conn
	raw     syscall.RawConn
	attempt func(fd uintptr) bool // the step of raw.Read, made once because it escapes

	state state
	check bool   // the connection was idle: nothing must have come
	out   []byte // what is sent by the next Read
	sent  int    // how much of that was
	into  []byte // where the response goes
	n     int
	err   error
}

// state is what Read and Write do.
type state uint8

const (
	direct   state = iota // as a net.Conn
	sealed                // Read returns errNothingThere
	deferred              // Write keeps what is to be sent until Read, which then is direct again
)

// maxDeferred is how much is kept. The heads of nearly all requests are shorter. Of longer ones, the rest is written as
// usual.
const maxDeferred = 16 << 10

// errNothingThere is a net.Error that is temporary, so that crypto/tls reads again later.
var errNothingThere error = nothingThere{errors.New("nothing has come")}

type nothingThere struct{ error }

func (nothingThere) Timeout() bool   { return true }
func (nothingThere) Temporary() bool { return true }

var (
	errUnasked = errors.New("the server has sent something without a request, or has closed the connection")
	errFull    = errors.New("not everything could be written at once")
)

func newSocket(opened net.Conn) *socket {
	s := &socket{Conn: opened}
	if c, ok := opened.(syscall.Conn); ok {
		s.raw, _ = c.SyscallConn()
	}
	s.attempt = s.step
	return s
}

// begin is called before a request is written. idle: the connection was used before.
func (s *socket) begin(idle bool) {
	if s.raw != nil {
		s.state, s.check, s.out, s.sent = deferred, idle, s.out[:0], 0
	}
}

// canBeIdle reports whether one will find out what came while the connection was idle; not if it has not sent what was
// kept, because the response came before.
func (s *socket) canBeIdle() bool { return s.raw != nil && s.state == direct }

// Write sends p, or keeps it until Read is called.
func (s *socket) Write(p []byte) (int, error) {
	if s.state != deferred {
		return s.Conn.Write(p)
	}
	if len(s.out)+len(p) <= maxDeferred {
		s.out = append(s.out, p...)
		return len(p), nil
	}
	if _, err := s.transfer(nil); err != nil {
		return 0, err
	}
	return s.Conn.Write(p)
}

// Read sends what was kept, and waits for what comes.
func (s *socket) Read(p []byte) (int, error) {
	switch s.state {
	case sealed:
		return 0, errNothingThere
	case deferred:
		return s.transfer(p)
	}
	return s.Conn.Read(p)
}

// transfer sends what was kept, and fills p with what comes then. p may be nil.
func (s *socket) transfer(p []byte) (int, error) {
	s.state, s.into, s.n, s.err = direct, p, 0, nil
	err := s.raw.Read(s.attempt)
	s.into = nil
	if err == nil {
		err = s.err
	}
	if err != errFull {
		return s.n, err
	}
	if _, err := s.Conn.Write(s.out[s.sent:]); err != nil {
		return 0, err
	}
	if p == nil {
		return 0, nil
	}
	return s.Conn.Read(p)
}

// step is called once, and again whenever something may have come. It returns true at the end.
func (s *socket) step(fd uintptr) bool {
	looked := s.check
	if looked {
		s.check = false
		var one [1]byte
		if _, err := readNow(fd, one[:]); err != errNothingThere {
			s.err = cmp.Or(err, errUnasked)
			return true
		}
	}
	if s.sent < len(s.out) {
		n, err := writeNow(fd, s.out[s.sent:])
		s.sent += n
		if err == nil && s.sent < len(s.out) || err == errNothingThere {
			err = errFull
		}
		if err != nil {
			s.err = err
			return true
		}
		if looked && s.into != nil {
			return false
		}
	}
	if s.into == nil {
		return true
	}
	// On a new connection too, something may have come before the runtime began to wait, which it then does not notice:
	// a server that is overloaded responds before it is asked.
	n, err := readNow(fd, s.into)
	if err == errNothingThere {
		return false
	}
	s.n, s.err = n, err
	if n == 0 && err == nil {
		s.err = io.EOF
	}
	return true
}
