package http1

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"time"
)

// conn is a connection, used by one request at a time.
type conn struct {
	origin *origin
	socket *socket              // below TLS
	stream net.Conn             // what requests and responses are on: socket, or TLS over it
	tls    *tls.ConnectionState // nil: there is no TLS
	r      *bufio.Reader
	w      *bufio.Writer

	left      int64 // bytes that may be read before the head of a response has to be there
	received  bool  // something has come since the request was sent
	idleSince time.Time
}

// defaultMaxHead and defaultBuffer are those of http.Transport.
const (
	defaultMaxHead = 10 << 20
	defaultBuffer  = 4 << 10
)

func newConn(o *origin, opened net.Conn) *conn {
	c := &conn{origin: o, socket: newSocket(opened)}
	c.stream = c.socket
	c.r = bufio.NewReaderSize(c, orDefault(o.base.ReadBufferSize, defaultBuffer))
	c.w = bufio.NewWriterSize(c, orDefault(o.base.WriteBufferSize, defaultBuffer))
	return c
}

func orDefault[T int | int64](n, otherwise T) T {
	if n > 0 {
		return n
	}
	return otherwise
}

// Read reads for the bufio.Reader.
func (c *conn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, fmt.Errorf("the head of the response has more than %d bytes", c.maxHead())
	}
	if int64(len(p)) > c.left {
		p = p[:c.left]
	}
	n, err := c.stream.Read(p)
	c.left -= int64(n)
	if n > 0 {
		c.received = true
	}
	return n, err
}

// Write writes for the bufio.Writer.
func (c *conn) Write(p []byte) (int, error) { return c.stream.Write(p) }

func (c *conn) maxHead() int64 {
	return orDefault(c.origin.base.MaxResponseHeaderBytes, defaultMaxHead)
}

// isReadToTheEnd reports whether TLS has nothing left. What comes without a request must not be taken for the response
// to the next one; the system's buffer is looked at when that is sent.
func (c *conn) isReadToTheEnd() bool {
	if c.tls == nil {
		return true
	}
	var one [1]byte
	c.socket.state = sealed
	_, err := c.stream.Read(one[:])
	c.socket.state = direct
	return err == errNothingThere
}

// close ends a connection in order: TLS says so.
func (c *conn) close() { _ = c.stream.Close() }

// abort ends it at once. It may be called while it is in use.
func (c *conn) abort() { _ = c.socket.Close() }

// roundTrip sends a request, and returns its response. The connection then belongs to the response's body. It has been
// given back if there is none, and is closed if there is an error.
func (c *conn) roundTrip(req *http.Request, reused bool) (*http.Response, error) {
	c.socket.begin(reused)
	stop := context.AfterFunc(req.Context(), c.abort)
	resp, err := c.exchange(req)
	if err != nil {
		stop()
		c.abort()
		return nil, err
	}
	resp.TLS = c.tls
	// After 101, what follows is of a protocol that the request did not ask for.
	last := resp.Close || resp.StatusCode == http.StatusSwitchingProtocols
	if resp.Body == http.NoBody {
		c.finish(stop, last)
		return resp, nil
	}
	resp.Body = newBody(c, resp.Body, req.Context(), stop, last)
	return resp, nil
}

// exchange writes a request, and reads the head of its response.
func (c *conn) exchange(req *http.Request) (*http.Response, error) {
	c.left, c.received = c.maxHead(), false
	if err := req.Write(c.w); err != nil {
		return nil, err
	}
	if err := c.w.Flush(); err != nil {
		return nil, err
	}
	for {
		resp, err := http.ReadResponse(c.r, req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode < 100 || resp.StatusCode >= 200 || resp.StatusCode == http.StatusSwitchingProtocols {
			c.left = math.MaxInt64
			return resp, nil
		}
		trace := httptrace.ContextClientTrace(req.Context())
		if trace == nil || trace.Got1xxResponse == nil {
			continue // all heads together have the limit of one
		}
		if err := trace.Got1xxResponse(resp.StatusCode, textproto.MIMEHeader(resp.Header)); err != nil {
			return nil, err
		}
		c.left = c.maxHead()
	}
}

// finish is called when the response was read to its end. stop ends the watch over the request's context; last: the
// server closes the connection. What has come with the response is for no request.
func (c *conn) finish(stop func() bool, last bool) {
	switch {
	case !stop():
		// The connection is being closed.
	case last, c.r.Buffered() > 0, !c.socket.canBeIdle():
		c.close()
	default:
		c.origin.idle.put(c)
	}
}
