package http1

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
)

// body is that of a response. Its connection is given back when it was read to its end, and closed if it is closed
// before.
type body struct {
	content io.Reader // net/http's, which is not closed: that would read what is left
	ctx     context.Context
	stop    func() bool
	last    bool
	conn    atomic.Pointer[conn] // nil: the body has ended or was closed
	closed  atomic.Bool
}

func newBody(c *conn, content io.Reader, ctx context.Context, stop func() bool, last bool) *body {
	b := &body{content: content, ctx: ctx, stop: stop, last: last}
	b.conn.Store(c)
	return b
}

// Read reads from the connection.
func (b *body) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.content.Read(p)
	if err == nil {
		return n, nil
	}
	c := b.conn.Swap(nil)
	switch {
	case c == nil:
	case err == io.EOF:
		c.finish(b.stop, b.last)
	default:
		b.stop()
		c.abort()
	}
	if err != io.EOF {
		err = causeOr(b.ctx, err)
	}
	return n, err
}

// Close may be called while Read is running, which then returns an error.
func (b *body) Close() error {
	b.closed.Store(true)
	if c := b.conn.Swap(nil); c != nil {
		b.stop()
		c.abort()
	}
	return nil
}
