package http1

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
)

// wire is a connection below TLS. A request is sent by the Read that waits for its response: the runtime is told to
// wait first, and then the request is written, which saves the attempt to read before anything can have come. In the
// same step it looks whether something has come without a request. Each system call saved is one or two percent of what
// a proxy does for a request.
type wire struct {
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
var errNothingThere error = nothingThere{os.ErrDeadlineExceeded}

type nothingThere struct{ error }

func (nothingThere) Timeout() bool   { return true }
func (nothingThere) Temporary() bool { return true }

var (
	errUnasked = errors.New("the server has sent something without a request")
	errFull    = errors.New("not everything could be written at once")
)

func newWire(opened net.Conn) *wire {
	w := &wire{Conn: opened}
	if c, ok := opened.(syscall.Conn); ok {
		w.raw, _ = c.SyscallConn()
	}
	w.attempt = w.step
	return w
}

// begin is called before a request is written. idle: the connection was used before.
func (w *wire) begin(idle bool) {
	if w.raw != nil {
		w.state, w.check, w.out, w.sent = deferred, idle, w.out[:0], 0
	}
}

// canBeIdle reports whether one will find out what came while the connection was idle.
func (w *wire) canBeIdle() bool { return w.raw != nil }

// Write sends p, or keeps it until Read is called.
func (w *wire) Write(p []byte) (int, error) {
	if w.state != deferred {
		return w.Conn.Write(p)
	}
	if len(w.out)+len(p) <= maxDeferred {
		w.out = append(w.out, p...)
		return len(p), nil
	}
	if _, err := w.transfer(nil); err != nil {
		return 0, err
	}
	return w.Conn.Write(p)
}

// Read sends what was kept, and waits for what comes.
func (w *wire) Read(p []byte) (int, error) {
	switch w.state {
	case sealed:
		return 0, errNothingThere
	case deferred:
		return w.transfer(p)
	}
	return w.Conn.Read(p)
}

// transfer sends what was kept, and fills p with what comes then. p may be nil.
func (w *wire) transfer(p []byte) (int, error) {
	w.state, w.into, w.n, w.err = direct, p, 0, nil
	err := w.raw.Read(w.attempt)
	w.into = nil
	if err == nil {
		err = w.err
	}
	if err != errFull {
		return w.n, err
	}
	if _, err := w.Conn.Write(w.out[w.sent:]); err != nil {
		return 0, err
	}
	if p == nil {
		return 0, nil
	}
	return w.Conn.Read(p)
}

// step is called once, and again whenever something may have come. It returns true at the end.
func (w *wire) step(fd uintptr) bool {
	looked := w.check
	if w.check {
		var one [1]byte
		w.check = false
		switch n, err := readNow(fd, one[:]); {
		case err != nil && err != errNothingThere:
			w.err = err
			return true
		case n > 0:
			w.err = errUnasked
			return true
		case err == nil:
			w.err = io.EOF
			return true
		}
	}
	if w.sent < len(w.out) {
		n, err := writeNow(fd, w.out[w.sent:])
		w.sent += n
		switch {
		case err != nil:
			w.err = err
			return true
		case w.sent < len(w.out):
			w.err = errFull
			return true
		}
		if looked && w.into != nil {
			return false
		}
	}
	if w.into == nil {
		return true
	}
	// On a new connection too, something may have come before the runtime was told to wait, which it then does not
	// notice: a server that is overloaded responds before it is asked.
	n, err := readNow(fd, w.into)
	if err == errNothingThere {
		return false
	}
	w.n, w.err = n, err
	if n == 0 && err == nil {
		w.err = io.EOF
	}
	return true
}
